//! The `nanobot` command.

mod built_in_sections;
mod catalog;
mod channels;
mod cli;
mod commands;
mod confinement;
mod control;
mod duration;
mod exit;
mod failure;
mod guess;
mod instance;
mod ledger_desk;
mod lock;
mod logging;
mod memory;
mod output;
mod port;
mod private_folder;
mod runtime;
mod section;
mod session_memory;
mod signals;
mod table;
mod terminal;
mod time_of_day;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::try_parse() {
        Ok(cli) => exit::report(commands::run(cli.command)),
        Err(usage) => exit::report_usage(&usage),
    }
}
