use clap::Args;

use super::InstanceArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Stops in order on Ctrl-C and SIGTERM; a second one cuts short what is still running.

Environment:
  NANOBOT_LOG                      what is logged, e.g. `debug` or `nanobot_gateway=debug,info`
  NANOBOT_LOG_FORMAT               `json` for one JSON object per line
  NANOBOT_MAX_CONCURRENT_REQUESTS  sessions answered at once [default: 32]; 0 for no limit

Examples:
  nanobot gateway
  nanobot gateway --port 0            let the system choose the port
  nanobot gateway -c ./second/config.json   a second instance with its own data")]
pub(crate) struct GatewayArgs {
    /// Port of the chat page and of /health, instead of the configured one
    #[arg(short, long)]
    pub(crate) port: Option<u16>,

    /// Log what helps with a problem
    #[arg(short, long)]
    pub(crate) verbose: bool,

    #[command(flatten)]
    pub(crate) instance: InstanceArgs,
}
