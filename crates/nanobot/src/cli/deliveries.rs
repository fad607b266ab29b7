use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use nanobot_ledger::DeliveryState;

use super::ConfigArgs;

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Works with and without a running gateway.

Examples:
  nanobot deliveries                             the newest deliveries
  nanobot deliveries list --state held,dead      what waits for a decision
  nanobot deliveries --inbound                   messages that are not answered yet
  nanobot deliveries retry --all-dead
  nanobot deliveries --json | jq -r '.[].delivery_id'"
)]
pub(crate) struct DeliveriesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<DeliveriesCommand>,

    #[command(flatten)]
    pub(crate) list: DeliveriesListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeliveriesCommand {
    /// List deliveries, newest first; this is what happens without a word, too
    List(DeliveriesListArgs),
    /// Show all that is known of one delivery
    Show(DeliveriesShowArgs),
    /// Try a held or dead delivery again
    Retry(DeliveriesRetryArgs),
    /// Give a delivery up: it will not be delivered
    Drop(DeliveriesDropArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nanobot deliveries list --state waiting,under_way
  nanobot deliveries list --json --limit 1000")]
pub(crate) struct DeliveriesListArgs {
    /// Only those in these states, with commas between
    #[arg(long, value_name = "STATE", value_delimiter = ',', conflicts_with = "inbound",
          value_parser = state_parser())]
    pub(crate) state: Vec<DeliveryState>,

    /// List the other direction: messages that are not answered yet, oldest first
    #[arg(long)]
    pub(crate) inbound: bool,

    /// At most so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50,
          value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nanobot deliveries show 019cafe0c0ffee
  nanobot deliveries show 019cafe0c0ffee --json | jq -r .text")]
pub(crate) struct DeliveriesShowArgs {
    /// Id of the delivery
    pub(crate) id: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A delivery that may have arrived already carries a mark for the channel when it is tried again.

Examples:
  nanobot deliveries retry 019cafe0c0ffee
  nanobot deliveries retry --all-dead")]
pub(crate) struct DeliveriesRetryArgs {
    /// Id of the delivery
    #[arg(required_unless_present = "all_dead", conflicts_with = "all_dead")]
    pub(crate) id: Option<String>,

    /// Retry every delivery that was given up
    #[arg(long)]
    pub(crate) all_dead: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nanobot deliveries drop 019cafe0c0ffee")]
pub(crate) struct DeliveriesDropArgs {
    /// Id of the delivery
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

fn state_parser() -> impl TypedValueParser<Value = DeliveryState> {
    let names = DeliveryState::ALL.map(DeliveryState::as_str);
    PossibleValuesParser::new(names)
        .try_map(|name| DeliveryState::from_name(&name).ok_or("there is no such state"))
}
