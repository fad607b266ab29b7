mod configured;
mod details;
mod grid;
mod live;
mod watch;

pub(in crate::commands) use live::{remark, tell_reload, word};

use crate::cli::ChannelsStatusArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::{control, logging, runtime, terminal};

pub(crate) fn run(args: ChannelsStatusArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    if args.watch {
        return watch::run(&instance, args.json);
    }
    runtime::interruptible(async {
        match control::report(&instance.paths.control_socket()).await? {
            Some(report) => live::print(&report, args.json, terminal::width())?,
            None => configured::print(&instance, args.json)?,
        }
        Ok(Outcome::Success)
    })
}
