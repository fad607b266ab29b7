use serde_json::json;

use super::deliveries::message;
use crate::Subject;
use crate::host::{Checked, Host, failed, kind};

const GRACE_MS: u64 = 5_000;

pub(super) async fn end_of_stdin(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.initialize(subject).await?;
    exits_in_order(host).await
}

pub(super) async fn end_of_stdin_while_running(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.start(subject).await?;
    exits_in_order(host).await
}

async fn exits_in_order(mut host: Host) -> Checked {
    host.close_stdin();
    let status = host.exit().await?;
    if status.success() { Ok(()) } else { Err(failed(format!("it ended with {status}"))) }
}

pub(super) async fn shutdown(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.start(subject).await?;
    let answer = host.call("shutdown", json!({"grace_ms": GRACE_MS, "reason": "stop"})).await?;
    answer.map_err(|error| failed(format!("it was refused: {error}")))?;
    exits_in_order(host).await
}

pub(super) async fn late_delivery(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    host.start(subject).await?;
    let shutdown = host.ask("shutdown", json!({"grace_ms": GRACE_MS, "reason": "stop"})).await?;
    let delivery = host.ask("message/send", message(subject, "d1")).await?;
    for _ in 0..2 {
        let (id, answer) = host.next_answer("shutdown, or a delivery after it,").await?;
        match answer {
            Ok(_) if id == shutdown => {}
            Err(error) if id == delivery && kind(&error) == "not_ready" => {}
            other => return Err(failed(format!("request {id} was answered with {other:?}"))),
        }
    }
    Ok(())
}
