mod configured;
mod live;

pub(in crate::commands) use live::tell_reload;

use crate::cli::ChannelsStatusArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::{control, logging, runtime};

pub(crate) fn run(args: ChannelsStatusArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    runtime::interruptible(async {
        match control::report(&instance.paths.control_socket()).await? {
            Some(report) => live::print(&report, args.json)?,
            None => configured::print(&instance, args.json)?,
        }
        Ok(Outcome::Success)
    })
}
