use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List the sessions by key
    List(SessionsListArgs),
    /// Show a session and the newest entries of its history
    Show(SessionsShowArgs),
    /// Write a session as JSON lines
    Export(SessionsExportArgs),
    /// Forget what was said in a session
    Delete(SessionsDeleteArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nanobot sessions list
  nanobot sessions list --json | jq -r '.[].key'")]
pub(crate) struct SessionsListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nanobot sessions show telegram:42
  nanobot sessions show telegram:42 --json --limit 1000 | jq '.history[]'")]
pub(crate) struct SessionsShowArgs {
    /// Key of the session, usually CHANNEL:CHAT
    pub(crate) key: String,

    /// At most so many entries of the history, the newest
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u16).range(0..=1000))]
    pub(crate) limit: u16,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The first line is about the session, each other line is an entry of its history.

Examples:
  nanobot sessions export telegram:42
  nanobot sessions export telegram:42 -o telegram_42.jsonl")]
pub(crate) struct SessionsExportArgs {
    /// Key of the session, usually CHANNEL:CHAT
    pub(crate) key: String,

    /// File to write, which must not exist yet [default: the standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Messages that wait for an answer stay.

Examples:
  nanobot sessions delete telegram:42
  nanobot sessions delete telegram:42 --yes")]
pub(crate) struct SessionsDeleteArgs {
    /// Key of the session, usually CHANNEL:CHAT
    pub(crate) key: String,

    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}
