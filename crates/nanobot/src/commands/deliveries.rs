mod discard;
mod list;
mod retry;
mod show;

use crate::cli::{DeliveriesArgs, DeliveriesCommand};
use crate::exit::Outcome;

/// Command that shows which deliveries there are.
const LISTING: &str = "deliveries list";

pub(crate) fn run(args: DeliveriesArgs) -> anyhow::Result<Outcome> {
    match args.command.unwrap_or(DeliveriesCommand::List(args.list)) {
        DeliveriesCommand::List(args) => list::run(args),
        DeliveriesCommand::Show(args) => show::run(args),
        DeliveriesCommand::Retry(args) => retry::run(args),
        DeliveriesCommand::Drop(args) => discard::run(args),
    }
}
