//! Measures the gateway as its users meet it: real processes, real HTTP, a real disk. See README.md.

mod alone;
mod cli;
mod console;
mod figure;
mod forwarder;
mod http;
mod load;
mod machine;
mod marker;
mod meter;
mod model;
mod platform;
mod programs;
mod report;
mod run;
mod scenario;
mod subject;
mod trial;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

/// Exits with 1 if something that was measured went wrong.
#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let is_good = match Cli::parse().command {
        Command::Run(args) => run::run(args).await?,
        Command::Tables(args) => run::tables(&args).map(|()| true)?,
        Command::Load(args) => alone::load(&args).await?,
        Command::Model(args) => alone::model(&args).await.map(|()| true)?,
        Command::Forwarder(args) => forwarder::run(args).await.map(|()| true)?,
    };
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
