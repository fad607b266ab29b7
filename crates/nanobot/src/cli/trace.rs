use clap::Args;

use super::ConfigArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
`nanobot deliveries` shows the ids of deliveries, `nanobot deliveries --inbound` those of messages.

Examples:
  nanobot trace 019cafe0c0ffee
  nanobot trace 019cafe0c0ffee --json | jq .deliveries")]
pub(crate) struct TraceArgs {
    /// Id of a message, or of a delivery that answers it
    pub(crate) id: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}
