use nanobot_gateway::control::DELIVERIES_PATH;
use nanobot_ledger::DeliveryRecord;

use super::LISTING;
use crate::cli::DeliveriesShowArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::ledger_desk::{LedgerDesk, escaped};
use crate::output::{OutputError, harmless};
use crate::{logging, output, runtime, time_of_day};

pub(super) fn run(args: DeliveriesShowArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, LISTING);
    runtime::interruptible(async {
        let path = format!("{DELIVERIES_PATH}/{}", escaped(&args.id));
        let record: DeliveryRecord = desk.get(&path).await?;
        if args.json {
            output::json(&record)?;
        } else {
            print(&record)?;
        }
        Ok(Outcome::Success)
    })
}

fn print(record: &DeliveryRecord) -> Result<(), OutputError> {
    let doubt = if record.is_unknown { ", may have arrived" } else { "" };
    fact("Delivery", Some(&record.delivery_id))?;
    fact("State", Some(&format!("{}{doubt}", record.state.as_str())))?;
    fact("Channel", Some(&record.channel))?;
    fact("Chat", Some(&record.chat_id))?;
    fact("Answers", record.inbound_id.as_deref())?;
    fact("Stored", Some(&time_of_day::local(record.created_ms)))?;
    fact("Tries", Some(&record.attempts.to_string()))?;
    fact("Last try", record.begun_ms.map(time_of_day::local).as_deref())?;
    fact("Ended", record.settled_ms.map(time_of_day::local).as_deref())?;
    fact("Reason", record.reason.as_deref())?;
    let text = Some(&record.text).filter(|text| !text.is_empty());
    text.map_or(Ok(()), |text| output::line(format_args!("\n{}", harmless(text))))
}

fn fact(label: &str, value: Option<&str>) -> Result<(), OutputError> {
    let line = |value| output::line(format_args!("{label:10}{}", harmless(value)));
    value.map_or(Ok(()), line)
}
