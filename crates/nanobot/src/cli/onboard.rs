use clap::Args;

use super::InstanceArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Sections for all channels that are found, built-in or installed, are added to the config, disabled.
Existing values, comments and unknown keys stay as they are, and so do the files of a workspace.

Examples:
  nanobot onboard
  nanobot onboard --refresh             add what is missing without asking
  nanobot onboard -c ./config.json -w ./workspace")]
pub(crate) struct OnboardArgs {
    /// Add what is missing to an existing config without asking
    #[arg(long, visible_alias = "yes", conflicts_with = "overwrite")]
    pub(crate) refresh: bool,

    /// Replace an existing config by the defaults; the old one is kept as a backup
    #[arg(long)]
    pub(crate) overwrite: bool,

    #[command(flatten)]
    pub(crate) instance: InstanceArgs,
}
