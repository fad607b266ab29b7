use serde_json::json;

use crate::Subject;
use crate::host::{Checked, Host, failed, kind};

/// Requests that are written before an answer is read.
const FLOOD: usize = 500;

pub(super) async fn unknown_method(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.initialize(subject).await?;
    for method in ["message/edit", "x-test/unknown"] {
        match host.call(method, json!({"a": 1})).await? {
            Ok(_) => return Err(failed(format!("{method} succeeded"))),
            Err(error) if kind(&error) == "unsupported" => {}
            Err(error) => return Err(failed(format!("the kind of the error is {}", kind(&error)))),
        }
    }
    Ok(())
}

pub(super) async fn unknown_notification(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.initialize(subject).await?;
    host.tell("x-test/unknown", json!({})).await?;
    host.ping().await
}

pub(super) async fn unknown_cancel(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.initialize(subject).await?;
    host.tell("$/cancel", json!({"id": 77})).await?;
    host.ping().await
}

pub(super) async fn flood(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.initialize(subject).await?;
    for _ in 0..FLOOD {
        host.ask("ping", json!({})).await?;
    }
    for _ in 0..FLOOD {
        let (id, answer) = host.next_answer("a ping of the flood").await?;
        answer.map_err(|error| failed(format!("ping {id} was refused: {error}")))?;
    }
    host.ping().await
}
