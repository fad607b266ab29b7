mod print;
mod report;
mod usage;

use crate::cli::StatusArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::{logging, output, runtime};
use report::Report;

pub(crate) fn run(args: StatusArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::new(args.instance)?;
    logging::start(&instance.environment, logging::QUIET)?;
    runtime::interruptible(async {
        let report = Report::gather(&instance).await;
        if args.json {
            output::json(&report)?;
        } else {
            print::print(&report)?;
        }
        Ok(Outcome::Success)
    })
}
