//! One module for each command; those of a noun are below it.

mod agent;
mod channel_process;
mod channels;
mod config;
mod deliveries;
mod doctor;
mod gateway;
mod onboard;
mod plugins;
mod serve;
mod sessions;
mod status;
mod trace;

use crate::cli::{ChannelsCommand, Command, ConfigCommand, PluginsCommand, SessionsCommand};
use crate::exit::Outcome;

pub(crate) fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Gateway(args) => gateway::run(args),
        Command::Onboard(args) => onboard::run(args),
        Command::Agent(args) => agent::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Status(args) => status::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Channels(ChannelsCommand::Status(args)) => channels::status::run(args),
        Command::Channels(ChannelsCommand::Restart(args)) => channels::restart::run(args),
        Command::Channels(ChannelsCommand::Login(args)) => channels::login::run(args),
        Command::Deliveries(args) => deliveries::run(args),
        Command::Sessions(SessionsCommand::List(args)) => sessions::list::run(args),
        Command::Sessions(SessionsCommand::Show(args)) => sessions::show::run(args),
        Command::Sessions(SessionsCommand::Export(args)) => sessions::export::run(args),
        Command::Sessions(SessionsCommand::Delete(args)) => sessions::delete::run(args),
        Command::Trace(args) => trace::run(args),
        Command::Plugins(PluginsCommand::New(args)) => plugins::new::run(args),
        Command::Plugins(PluginsCommand::List(args)) => plugins::list::run(args),
        Command::Plugins(PluginsCommand::Describe(args)) => plugins::describe::run(args),
        Command::Plugins(PluginsCommand::Test(args)) => plugins::test::run(args),
        Command::Plugins(PluginsCommand::Install(args)) => plugins::install::run(args),
        Command::Plugins(PluginsCommand::Remove(args)) => plugins::remove::run(args),
        Command::Config(ConfigCommand::Validate(args)) => config::validate::run(args),
        Command::Config(ConfigCommand::Schema) => config::schema::run(),
        Command::Config(ConfigCommand::Path(args)) => config::path::run(args),
        Command::ChannelProcess(args) => channel_process::run(&args),
    }
}
