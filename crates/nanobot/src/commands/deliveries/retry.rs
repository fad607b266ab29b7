use nanobot_gateway::control::{DELIVERIES_PATH, Retried};
use nanobot_ledger::{DeliveryRecord, DeliveryState};

use super::LISTING;
use crate::cli::DeliveriesRetryArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::ledger_desk::{LedgerDesk, escaped};
use crate::output::done;
use crate::{logging, output, runtime};

pub(super) fn run(args: DeliveriesRetryArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, LISTING);
    runtime::interruptible(async {
        match &args.id {
            Some(id) => retry(&desk, id).await?,
            None => retry_dead(&desk).await?,
        }
        Ok(Outcome::Success)
    })
}

async fn retry(desk: &LedgerDesk<'_>, id: &str) -> anyhow::Result<()> {
    let path = format!("{DELIVERIES_PATH}/{}/retry", escaped(id));
    let retried: Retried = desk.post(&path).await?;
    Ok(output::line(done(match retried.is_queued {
        true => format!("{id} is being delivered"),
        false => format!("{id} will be delivered when the gateway starts"),
    }))?)
}

/// Page by page, oldest last as they are listed; what dies again meanwhile has an older place and is
/// not met twice.
async fn retry_dead(desk: &LedgerDesk<'_>) -> anyhow::Result<()> {
    let state = DeliveryState::Dead.as_str();
    let (mut before, mut count) = (String::new(), 0_usize);
    loop {
        let path = format!("{DELIVERIES_PATH}?state={state}{before}");
        let dead: Vec<DeliveryRecord> = desk.get(&path).await?;
        let Some(last) = dead.last() else { break };
        before = format!("&before={}", last.position);
        for record in dead.iter().rev() {
            retry(desk, &record.delivery_id).await?;
            count += 1;
        }
    }
    if count == 0 {
        output::note("No delivery is dead.");
    }
    Ok(())
}
