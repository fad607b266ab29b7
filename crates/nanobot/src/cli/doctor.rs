use clap::Args;

use super::ConfigArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Looks at the config, the data folder, the ledger, the gateway, channels, plugins, the model and this
machine, and says what to do next. Nothing is changed, nobody is written to, and no model is asked: its
server is only looked for, without a key. Plugins are started to say what they are.

Ends with status 1 if there is a problem, and with 0 if there are none, or warnings only.

Examples:
  nanobot doctor
  nanobot doctor --json | jq '.areas[].findings[] | select(.level == \"problem\")'")]
pub(crate) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}
