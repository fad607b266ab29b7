use clap::Args;

use super::InstanceArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Without -m a conversation starts: /help lists what it understands, /exit or Ctrl-D ends it, and
Ctrl-C stops an answer. A session is remembered: the next run goes on with it, until /new.

Examples:
  nanobot agent
  nanobot agent -m \"What is the capital of France?\"
  nanobot agent --session cli:work
  nanobot agent -m \"Summarise the README\" > summary.md")]
pub(crate) struct AgentArgs {
    /// Ask this one thing, print the answer and exit
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) message: Option<String>,

    /// Session that the conversation belongs to, as CHANNEL:CHAT
    #[arg(short, long, value_name = "ID", default_value = "cli:direct")]
    pub(crate) session: String,

    /// Print answers as they are written, without bold and colours
    #[arg(long)]
    pub(crate) no_markdown: bool,

    /// Show the log on stderr
    #[arg(long)]
    pub(crate) logs: bool,

    #[command(flatten)]
    pub(crate) instance: InstanceArgs,
}
