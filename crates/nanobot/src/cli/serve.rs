use clap::Args;

use super::InstanceArgs;

#[derive(Debug, Args)]
#[command(after_help = "\
Answers POST /v1/chat/completions, GET /v1/models and GET /health, beside a running gateway or
without one. Stops in order on Ctrl-C and SIGTERM; a second one cuts short what is still running.

Environment:
  NANOBOT_LOG         what is logged, e.g. `debug`
  NANOBOT_LOG_FORMAT  `json` for one JSON object per line

Examples:
  nanobot serve
  nanobot serve --port 0          let the system choose the port
  nanobot serve --host 0.0.0.0    for other machines, which needs `api.apiKey` in the config")]
pub(crate) struct ServeArgs {
    /// Port to listen on, instead of the configured one
    #[arg(short, long)]
    pub(crate) port: Option<u16>,

    /// Address to listen on, instead of the configured one
    #[arg(short = 'H', long)]
    pub(crate) host: Option<String>,

    /// Seconds that one answer may take, instead of the configured ones
    #[arg(short, long, value_name = "SECONDS")]
    pub(crate) timeout: Option<f64>,

    /// Log what helps with a problem
    #[arg(short, long)]
    pub(crate) verbose: bool,

    #[command(flatten)]
    pub(crate) instance: InstanceArgs,
}
