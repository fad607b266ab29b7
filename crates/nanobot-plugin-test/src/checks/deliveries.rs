use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::Subject;
use crate::host::{Checked, Host, failed, kind, skipped};

/// More than any window, and no more than whose acks fit into a pipe that nobody reads yet.
const DELTAS: u64 = 300;
/// Pause before a channel that still connects is asked again.
const NOT_READY_PAUSE: Duration = Duration::from_millis(100);

pub(super) fn message(subject: &Subject, delivery: &str) -> Value {
    json!({
        "delivery_id": delivery, "chat": {"id": subject.chat}, "text": "A **test**.", "kind": "final",
        "attempt": 1, "something_new": true,
    })
}

pub(super) async fn repeated(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.start(subject).await?;
    let first = delivered(&mut host, subject).await?;
    match host.call("message/send", message(subject, "d1")).await? {
        Ok(second) if second == first => Ok(()),
        second => Err(failed(format!("first {first}, then {second:?}"))),
    }
}

/// The receipt of the first delivery. A channel that still connects refuses it, and is asked again.
async fn delivered(host: &mut Host, subject: &Subject) -> Checked<Value> {
    let asked = Instant::now();
    loop {
        let error = match host.call("message/send", message(subject, "d1")).await? {
            Ok(receipt) => return Ok(receipt),
            Err(error) => error,
        };
        if kind(&error) != "not_ready" || asked.elapsed() >= subject.patience {
            let reason = error["message"].as_str().unwrap_or_default();
            return Err(skipped(format!("the channel delivers nothing here: {reason}")));
        }
        tokio::time::sleep(NOT_READY_PAUSE).await;
    }
}

pub(super) async fn cancelled(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.start(subject).await?;
    let id = host.ask("message/send", message(subject, "d1")).await?;
    host.tell("$/cancel", json!({"id": id})).await?;
    // With its result or an error: which, is a matter of who is first.
    let (_, _either) = host.next_answer("a delivery that was taken back").await?;
    host.ping().await
}

pub(super) async fn unknown_stream(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    let described = host.start(subject).await?;
    can_stream(&described)?;
    host.tell("stream/delta", json!({"stream_id": "never", "seq": 1, "text": "x"})).await?;
    host.ping().await
}

pub(super) async fn beyond_the_window(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    let described = host.start(subject).await?;
    can_stream(&described)?;
    let start = json!({"stream_id": "s1", "delivery_id": "d1", "chat": {"id": subject.chat}});
    host.tell("stream/start", start).await?;
    let mut text = String::new();
    for seq in 1..=DELTAS {
        let piece = format!("{seq} ");
        host.tell("stream/delta", json!({"stream_id": "s1", "seq": seq, "text": piece})).await?;
        text.push_str(&piece);
    }
    let ping = host.ask("ping", json!({})).await?;
    let end = json!({"stream_id": "s1", "text": text, "outcome": "complete"});
    let end = host.ask("stream/end", end).await?;
    for _ in 0..2 {
        let (id, answer) = host.next_answer("the end of a stream, or a ping in it,").await?;
        if id == ping {
            answer.map_err(|error| failed(format!("ping was refused: {error}")))?;
        } else if id != end {
            return Err(failed(format!("request {id} was answered")));
        }
    }
    Ok(())
}

fn can_stream(described: &Value) -> Checked {
    let has_it = described["capabilities"].get("streaming").is_some_and(Value::is_object);
    if has_it { Ok(()) } else { Err(skipped("the plugin has no capability streaming")) }
}
