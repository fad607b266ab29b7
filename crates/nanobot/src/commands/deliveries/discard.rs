use nanobot_gateway::control::DELIVERIES_PATH;

use super::LISTING;
use crate::cli::DeliveriesDropArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::ledger_desk::{LedgerDesk, escaped};
use crate::output::done;
use crate::{logging, output, runtime};

pub(super) fn run(args: DeliveriesDropArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, LISTING);
    runtime::interruptible(async {
        desk.delete(&format!("{DELIVERIES_PATH}/{}", escaped(&args.id))).await?;
        output::line(done(format_args!("{} will not be delivered", args.id)))?;
        Ok(Outcome::Success)
    })
}
