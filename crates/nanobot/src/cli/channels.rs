use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ChannelsCommand {
    /// Show how the channels of the running gateway are
    Status(ChannelsStatusArgs),
    /// Start a channel of the running gateway again
    Restart(ChannelsRestartArgs),
    /// Log in to a channel that needs it, by QR code, link or code
    Login(ChannelsLoginArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without a running gateway the channels are shown as configured.

Examples:
  nanobot channels status
  nanobot channels status --watch
  nanobot channels status --json | jq '.channels.web.state'")]
pub(crate) struct ChannelsStatusArgs {
    /// Print JSON; with --watch one object a line
    #[arg(long)]
    pub(crate) json: bool,

    /// Look again each second until Ctrl-C; prints only changes where no terminal shows them
    #[arg(short = 'f', long)]
    pub(crate) watch: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The other channels go on. Deliveries of the channel wait until it is back.

Examples:
  nanobot channels restart telegram")]
pub(crate) struct ChannelsRestartArgs {
    /// Name of the channel, as below `channels` in the config
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Works for channels that are not enabled yet.

Examples:
  nanobot channels login webhook
  nanobot channels login webhook --force   forget the saved credentials first")]
pub(crate) struct ChannelsLoginArgs {
    /// Name of the channel, as below `channels` in the config
    pub(crate) name: String,

    /// Ignore saved credentials and log in again
    #[arg(short, long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ChannelProcessArgs {
    /// Name of a built-in channel
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}
