//! One module for each command; those of a noun are below it.

mod agent;
mod channels;
mod config;
mod gateway;
mod onboard;
mod plugins;
mod status;

use crate::cli::{ChannelsCommand, Command, ConfigCommand, PluginsCommand};
use crate::exit::Outcome;

pub(crate) fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Gateway(args) => gateway::run(args),
        Command::Onboard(args) => onboard::run(args),
        Command::Agent(args) => agent::run(args),
        Command::Status(args) => status::run(args),
        Command::Channels(ChannelsCommand::Status(args)) => channels::status::run(args),
        Command::Channels(ChannelsCommand::Login(args)) => channels::login::run(args),
        Command::Plugins(PluginsCommand::List(args)) => plugins::list::run(args),
        Command::Plugins(PluginsCommand::Describe(args)) => plugins::describe::run(args),
        Command::Plugins(PluginsCommand::Install(args)) => plugins::install::run(args),
        Command::Plugins(PluginsCommand::Remove(args)) => plugins::remove::run(args),
        Command::Config(ConfigCommand::Validate(args)) => config::validate::run(args),
        Command::Config(ConfigCommand::Schema) => config::schema::run(),
        Command::Config(ConfigCommand::Path(args)) => config::path::run(args),
    }
}
