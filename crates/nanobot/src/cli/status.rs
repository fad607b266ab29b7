use clap::Args;

use super::InstanceArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Also looks for model servers on this machine: Ollama, LM Studio and vLLM on their usual ports.

Examples:
  nanobot status
  nanobot status --json | jq .model.name")]
pub(crate) struct StatusArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) instance: InstanceArgs,
}
