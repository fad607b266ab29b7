use nanobot_ledger::{DeliveryRecord, InboundRecord, InboundState, Trace};

use crate::output::{self, OutputError, harmless};
use crate::time_of_day;

pub(super) fn print(trace: &Trace) -> Result<(), OutputError> {
    let first = trace.deliveries.first().map(|delivery| delivery.created_ms);
    let start = trace.inbound.as_ref().map(|inbound| inbound.received_ms).or(first);
    let clock = Clock { start_ms: start.unwrap_or_default() };
    match &trace.inbound {
        Some(inbound) => message(inbound, &clock)?,
        None => output::line("No message is known: the agent spoke unasked, or it is forgotten.")?,
    }
    trace.deliveries.iter().try_for_each(|record| delivery(record, &clock))
}

/// Tells moments, and how long after the beginning they were.
struct Clock {
    start_ms: u64,
}

impl Clock {
    fn tell(&self, what: &str, moment_ms: u64) -> Result<(), OutputError> {
        let after = moment_ms.saturating_sub(self.start_ms);
        let time = time_of_day::local(moment_ms);
        output::line(format_args!("  {what:16}{time}{:>12}", format!("+{after} ms")))
    }
}

fn message(inbound: &InboundRecord, clock: &Clock) -> Result<(), OutputError> {
    output::line(format_args!(
        "Message {} from {} in session {}: {}",
        inbound.id,
        inbound.channel,
        harmless(&inbound.session),
        match inbound.state {
            InboundState::Waiting => "waiting",
            InboundState::Claimed => "being answered",
            InboundState::Done => "answered",
            InboundState::Discarded => "discarded",
        }
    ))?;
    clock.tell("received", inbound.received_ms)?;
    clock.tell("accepted", inbound.accepted_ms)?;
    if let Some(moment) = inbound.claimed_ms {
        clock.tell(&format!("turn {} began", inbound.attempts), moment)?;
    }
    let end = if inbound.state == InboundState::Discarded { "discarded" } else { "answered" };
    inbound.committed_ms.map_or(Ok(()), |moment| clock.tell(end, moment))
}

fn delivery(record: &DeliveryRecord, clock: &Clock) -> Result<(), OutputError> {
    let doubt = if record.is_unknown { ", may have arrived twice" } else { "" };
    output::line(format_args!(
        "Delivery {} to {} in chat {}: {}{doubt}",
        record.delivery_id,
        record.channel,
        harmless(&record.chat_id),
        record.state.as_str()
    ))?;
    clock.tell("stored", record.created_ms)?;
    if let Some(moment) = record.begun_ms {
        clock.tell(&format!("try {} began", record.attempts), moment)?;
    }
    if let Some(moment) = record.settled_ms {
        clock.tell(record.state.as_str(), moment)?;
    }
    let ids = record.receipt.as_ref().map(|receipt| receipt.platform_ids.join(", "));
    if let Some(ids) = ids.filter(|ids| !ids.is_empty()) {
        output::line(format_args!("  {:16}{ids}", "receipt"))?;
    }
    record.reason.as_ref().map_or(Ok(()), |why| {
        output::line(format_args!("  {:16}{}", "last failure", harmless(why)))
    })
}
