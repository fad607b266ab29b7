use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::forwarder::ForwarderArgs;
use crate::scenario::Scenario;
use crate::subject::Subject;

/// Measures the gateway, and others beside it.
#[derive(Debug, Parser)]
#[command(name = "nanobot-bench")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure, and print a table
    Run(RunArgs),
    /// Load a gateway that is running already
    Load(LoadArgs),
    /// Make tables of figures that were measured before
    Tables(TablesArgs),
    /// Run the fake model server alone
    Model(ModelArgs),
    /// Run the bare forwarder alone
    Forwarder(ForwarderArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Take little time; the figures are rough
    #[arg(long)]
    pub(crate) quick: bool,
    /// What to measure; everything if not given
    #[arg(long, num_args = 1.., value_name = "NAME")]
    pub(crate) scenario: Vec<Scenario>,
    /// Which programs to measure; all that are there if not given
    #[arg(long, num_args = 1.., value_name = "NAME")]
    pub(crate) subject: Vec<Subject>,
    /// How often everything is measured, in turns [default: 3, or 1 with --quick]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: Option<u32>,
    /// Write all figures to a file, which holds what there is also if the run is cut off
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Put the tables into bench/README.md, too
    #[arg(long)]
    pub(crate) readme: bool,
    /// Measure the binaries in this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    pub(crate) bin: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TablesArgs {
    /// Files that `run --json` wrote on this machine, put together
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Put the tables into bench/README.md, too
    #[arg(long)]
    pub(crate) readme: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// Address of the webhook channel
    #[arg(long, default_value = "127.0.0.1:9000")]
    pub(crate) webhook: SocketAddr,
    /// Port to take answers on, the one of `callbackUrl`
    #[arg(long, default_value_t = 9001)]
    pub(crate) callback: u16,
    /// Chats that write at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) chats: u32,
    /// Messages altogether
    #[arg(long, conflicts_with = "seconds")]
    pub(crate) messages: Option<u64>,
    /// How long to write [default: 10]
    #[arg(long)]
    pub(crate) seconds: Option<u64>,
    /// Messages a second in all chats together; without it each chat waits for its answer
    #[arg(long, conflicts_with = "accept_only", value_parser = positive)]
    pub(crate) rate: Option<f64>,
    /// Wait for acceptance only
    #[arg(long)]
    pub(crate) accept_only: bool,
    /// Messages after which a new chat begins
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) messages_per_chat: u64,
    /// Process to measure, with all its descendants
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    #[command(flatten)]
    pub(crate) shape: ShapeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// Port to listen on
    #[arg(long, default_value_t = 8000)]
    pub(crate) port: u16,
    /// Milliseconds before an answer begins
    #[arg(long, default_value_t = 0)]
    pub(crate) delay_ms: u64,
    /// Milliseconds before each further delta
    #[arg(long, default_value_t = 0)]
    pub(crate) delta_ms: u64,
    #[command(flatten)]
    pub(crate) shape: ShapeArgs,
}

/// The same for the model, and for the load that knows what the model says.
#[derive(Debug, Args)]
pub(crate) struct ShapeArgs {
    /// Deltas of an answer
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) deltas: u32,
    /// Words in each delta
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) words_per_delta: u32,
}

fn positive(typed: &str) -> Result<f64, String> {
    match typed.parse() {
        Ok(rate) if rate > 0.0 && f64::is_finite(rate) => Ok(rate),
        _ => Err("must be a number above 0".to_owned()),
    }
}
