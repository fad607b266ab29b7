//! Whether the ledger is sound, and what in it waits for a person.

use nanobot_gateway::control::{DELIVERIES_PATH, GatewayReport, UNANSWERED_PATH};
use nanobot_ledger::{DeliveryRecord, InboundRecord, LedgerFile, OpenError};

use super::finding::Finding;
use crate::instance::Instance;
use crate::ledger_desk::LedgerDesk;

/// Most rows that are asked for; more are told as that many "or more".
const LIMIT: usize = 1_000;
/// Command that shows the deliveries a person has to decide about.
const UNDECIDED: &str = "deliveries --state dead,held";

/// Never opens the file that a running gateway holds: that one is asked instead.
pub(super) async fn check(instance: &Instance, gateway: Option<&GatewayReport>) -> Vec<Finding> {
    if gateway.is_some() {
        let ok = Finding::ok("the running gateway holds the ledger");
        return with_waiting(instance, ok, true).await;
    }
    let path = instance.paths.ledger_file();
    if !path.exists() && !path.with_extension("sqlite-wal").exists() {
        return vec![Finding::ok("there is no ledger yet")];
    }
    let place = path.display().to_string();
    let inspecting = tokio::task::spawn_blocking(move || nanobot_ledger::inspect(&path)).await;
    match inspecting {
        Ok(Ok(LedgerFile { version, newest })) if version < newest => {
            let message = format!(
                "{place} is sound; the next gateway brings it from version {version} to {newest}"
            );
            // Counting would bring it there now, and an older gateway could not open it any more.
            vec![Finding::ok(message)]
        }
        Ok(Ok(LedgerFile { version, .. })) => {
            let ok = Finding::ok(format!("{place} is sound, and of version {version}"));
            with_waiting(instance, ok, false).await
        }
        Ok(Err(error @ OpenError::InUse { .. })) => {
            let message = format!("{error}, which does not answer");
            vec![Finding::warning(message).with_hint("wait until it has started or stopped")]
        }
        Ok(Err(error)) => vec![Finding::from(&anyhow::Error::new(error))],
        Err(crashed) => vec![Finding::problem(format!("{place} cannot be checked: {crashed}"))],
    }
}

/// Adds what waits in the ledger.
async fn with_waiting(instance: &Instance, ok: Finding, is_running: bool) -> Vec<Finding> {
    let desk = LedgerDesk::new(instance, UNDECIDED);
    let mut findings = vec![ok];
    let path = format!("{DELIVERIES_PATH}?state=dead,held&limit={LIMIT}");
    match desk.get::<Vec<DeliveryRecord>>(&path).await {
        Ok(records) if records.is_empty() => {}
        Ok(records) => {
            let count = counted(records.len(), "delivery", "deliveries");
            let message = format!("{count} could not be made");
            let hint = format!("`{}` shows them", instance.command(UNDECIDED));
            findings.push(Finding::warning(message).with_hint(hint));
        }
        Err(error) => return vec![Finding::from(&error)],
    }
    if !is_running {
        findings.extend(unanswered(instance, &desk).await);
    }
    findings
}

/// While a gateway runs, messages that wait are being worked at.
async fn unanswered(instance: &Instance, desk: &LedgerDesk<'_>) -> Option<Finding> {
    let path = format!("{UNANSWERED_PATH}?limit={LIMIT}");
    let waiting = match desk.get::<Vec<InboundRecord>>(&path).await {
        Ok(records) => records.len(),
        Err(error) => return Some(Finding::from(&error)),
    };
    let count = counted(waiting, "message waits", "messages wait");
    let message = format!("{count} for an answer");
    let hint = format!("`{}` answers them", instance.command("gateway"));
    (waiting > 0).then(|| Finding::warning(message).with_hint(hint))
}

fn counted(rows: usize, one: &str, more: &str) -> String {
    match rows {
        1 => format!("1 {one}"),
        LIMIT.. => format!("{LIMIT} or more {more}"),
        _ => format!("{rows} {more}"),
    }
}
