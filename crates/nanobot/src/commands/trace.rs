mod print;

use nanobot_gateway::control::TRACE_PATH;
use nanobot_ledger::Trace;

use crate::cli::TraceArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::ledger_desk::{LedgerDesk, escaped};
use crate::{logging, output, runtime};

pub(crate) fn run(args: TraceArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, "deliveries list");
    runtime::interruptible(async {
        let trace: Trace = desk.get(&format!("{TRACE_PATH}/{}", escaped(&args.id))).await?;
        if args.json {
            output::json(&trace)?;
        } else {
            print::print(&trace)?;
        }
        Ok(Outcome::Success)
    })
}
