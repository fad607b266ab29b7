//! What can be typed: the definitions of all commands, and nothing else.

mod agent;
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

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

pub(crate) use agent::AgentArgs;
pub(crate) use channels::{
    ChannelProcessArgs, ChannelsCommand, ChannelsLoginArgs, ChannelsRestartArgs, ChannelsStatusArgs,
};
pub(crate) use config::{ConfigCommand, ConfigPathArgs, ConfigValidateArgs};
pub(crate) use deliveries::{
    DeliveriesArgs, DeliveriesCommand, DeliveriesDropArgs, DeliveriesListArgs, DeliveriesRetryArgs,
    DeliveriesShowArgs,
};
pub(crate) use doctor::DoctorArgs;
pub(crate) use gateway::GatewayArgs;
pub(crate) use onboard::OnboardArgs;
pub(crate) use plugins::{
    Language, PluginsCommand, PluginsDescribeArgs, PluginsInstallArgs, PluginsListArgs,
    PluginsNewArgs, PluginsRemoveArgs, PluginsTestArgs,
};
pub(crate) use serve::ServeArgs;
pub(crate) use sessions::{
    SessionsCommand, SessionsDeleteArgs, SessionsExportArgs, SessionsListArgs, SessionsShowArgs,
};
pub(crate) use status::StatusArgs;
pub(crate) use trace::TraceArgs;

/// Connects chat surfaces to an AI agent.
#[derive(Debug, Parser)]
#[command(
    name = "nanobot",
    bin_name = "nanobot",
    display_name = "🐈 nanobot",
    version = concat!("v", env!("CARGO_PKG_VERSION")),
    disable_version_flag = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  nanobot onboard          write a config file and a workspace
  nanobot gateway          connect the channels to the agent
  nanobot agent -m Hello   ask the agent one thing

`nanobot COMMAND --help` says more about a command."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print the version
    #[arg(short = 'V', short_alias = 'v', long, action = ArgAction::Version)]
    version: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the gateway: all channels and the agent in one process
    Gateway(GatewayArgs),
    /// Create or refresh the config file and the workspace
    Onboard(OnboardArgs),
    /// Chat with the agent in this terminal
    Agent(AgentArgs),
    /// Answer programs that speak the API of OpenAI
    Serve(ServeArgs),
    /// Show what is configured and what is running
    Status(StatusArgs),
    /// Find out what is wrong, and what to do about it
    Doctor(DoctorArgs),
    /// See, restart and log in to channels
    #[command(subcommand)]
    Channels(ChannelsCommand),
    /// See what is to be delivered, and decide about what could not be
    Deliveries(DeliveriesArgs),
    /// See, export and delete what the agent remembers
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// Follow one message from its arrival to the receipt of its answer
    Trace(TraceArgs),
    /// See, install and remove channels
    #[command(subcommand)]
    Plugins(PluginsCommand),
    /// Check the config file and learn what it may say
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Serve a built-in channel over stdin and stdout, as plugins do; the gateway starts this
    #[command(hide = true)]
    ChannelProcess(ChannelProcessArgs),
}

/// Which config file.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Config file; its folder also holds all data [default: ~/.nanobot/config.json]
    #[arg(short, long, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,
}

/// Which config file and which workspace.
#[derive(Debug, Args)]
pub(crate) struct InstanceArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,

    /// Workspace of the agent, instead of the configured one
    #[arg(short, long, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
}
