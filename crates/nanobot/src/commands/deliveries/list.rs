use nanobot_gateway::control::{DELIVERIES_PATH, UNANSWERED_PATH};
use nanobot_ledger::{DeliveryRecord, DeliveryState, InboundRecord, InboundState, now_ms};

use super::LISTING;
use crate::cli::DeliveriesListArgs;
use crate::duration::since;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::ledger_desk::LedgerDesk;
use crate::table::Table;
use crate::{logging, output, runtime};

/// Characters of a text or reason that a row shows.
const SHOWN: usize = 60;

pub(super) fn run(args: DeliveriesListArgs) -> anyhow::Result<Outcome> {
    let DeliveriesListArgs { state, inbound, limit, json, config } = args;
    let instance = Instance::for_config(config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, LISTING);
    runtime::interruptible(async {
        if inbound {
            unanswered(&desk, limit, json).await?;
        } else {
            deliveries(&desk, &state, limit, json).await?;
        }
        Ok(Outcome::Success)
    })
}

async fn deliveries(
    desk: &LedgerDesk<'_>,
    states: &[DeliveryState],
    limit: u16,
    is_json: bool,
) -> anyhow::Result<()> {
    let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
    let path = format!("{DELIVERIES_PATH}?state={}&limit={limit}", states.join(","));
    let records: Vec<DeliveryRecord> = desk.get(&path).await?;
    if is_json {
        return Ok(output::json(&records)?);
    }
    if records.is_empty() {
        let such = if states.is_empty() { "deliveries yet" } else { "such deliveries" };
        output::note(format_args!("There are no {such}."));
        return Ok(());
    }
    let now = now_ms();
    let mut table = Table::new(["Delivery", "State", "Channel", "Chat", "Age", "Tries", "About"]);
    for record in records {
        table.add([
            record.delivery_id.clone(),
            record.state.as_str().to_owned(),
            record.channel.clone(),
            record.chat_id.clone(),
            since(record.created_ms, now),
            record.attempts.to_string(),
            about(&record),
        ]);
    }
    Ok(table.lines().into_iter().try_for_each(output::line)?)
}

async fn unanswered(desk: &LedgerDesk<'_>, limit: u16, is_json: bool) -> anyhow::Result<()> {
    let path = format!("{UNANSWERED_PATH}?limit={limit}");
    let records: Vec<InboundRecord> = desk.get(&path).await?;
    if is_json {
        return Ok(output::json(&records)?);
    }
    if records.is_empty() {
        output::note("Every message is answered.");
        return Ok(());
    }
    let now = now_ms();
    let mut table = Table::new(["Message", "State", "Channel", "Session", "Age", "Turns"]);
    for record in records {
        let is_claimed = record.state == InboundState::Claimed;
        table.add([
            record.id,
            if is_claimed { "being answered" } else { "waiting" }.to_owned(),
            record.channel,
            record.session,
            since(record.received_ms, now),
            record.attempts.to_string(),
        ]);
    }
    Ok(table.lines().into_iter().try_for_each(output::line)?)
}

/// Why it is not delivered, else what it says; in one line.
fn about(record: &DeliveryRecord) -> String {
    let doubt = if record.is_unknown { "may have arrived; " } else { "" };
    let is_delivered = record.state == DeliveryState::Delivered;
    let reason = record.reason.as_deref().filter(|_| !is_delivered);
    let text = reason.unwrap_or(&record.text);
    let words = format!("{doubt}{text}").split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}
