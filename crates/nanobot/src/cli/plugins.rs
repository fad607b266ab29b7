use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};

use super::ConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum PluginsCommand {
    /// Write a new plugin that works, to be changed into yours
    New(PluginsNewArgs),
    /// List all channels: built-in ones and installed plugins
    List(PluginsListArgs),
    /// Start a plugin and show what it says about itself
    Describe(PluginsDescribeArgs),
    /// Check whether a plugin keeps the rules of the protocol
    Test(PluginsTestArgs),
    /// Install a plugin: a Python package, a program, or a Rust crate
    Install(PluginsInstallArgs),
    /// Remove an installed plugin
    Remove(PluginsRemoveArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Writes a small channel with its tests into a new folder, and says how it goes on. No file is overwritten.

Examples:
  nanobot plugins new doorbell
  nanobot plugins new doorbell --language python --path ~/src/doorbell
  nanobot plugins new doorbell --language script")]
pub(crate) struct PluginsNewArgs {
    /// Name of the channel, which is also its key in the config
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// What to write it in
    #[arg(short, long, value_enum, value_name = "LANGUAGE", default_value_t = Language::Rust)]
    pub(crate) language: Language,

    /// Folder to write it to [default: ./nanobot-channel-NAME]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,

    /// Folder of nanobot's sources, where a plugin in Rust finds the SDK [default: the one this
    /// program was built from]
    #[arg(long, value_name = "DIR")]
    pub(crate) sources: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// What a new plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// A crate on the SDK
    Rust,
    /// A package with a `BaseChannel`
    Python,
    /// One file that speaks the protocol itself, as any language can
    Script,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A new plugin is started once to ask what it is; after that the answer is kept until it changes.

Examples:
  nanobot plugins list
  nanobot plugins list --json | jq -r '.[].name'")]
pub(crate) struct PluginsListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  nanobot plugins describe webhook
  nanobot plugins describe ./target/debug/nanobot-channel-webhook
  nanobot plugins describe webhook --json | jq .config_schema")]
pub(crate) struct PluginsDescribeArgs {
    /// Name of a channel, or path of a plugin's program
    #[arg(value_name = "NAME|PATH")]
    pub(crate) plugin: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A Python package gets an environment of its own below the data folder, with all it requires.
Whatever it requires of nanobot is met by this program and never downloaded.

Examples:
  nanobot plugins install nanobot-channel-webhook      a name, maybe with a version
  nanobot plugins install ./nanobot-channel-webhook    a folder: a Python package or a Rust crate
  nanobot plugins install -e .                         a Python package that is being worked on
  nanobot plugins install ./nanobot-channel-shell      a program")]
pub(crate) struct PluginsInstallArgs {
    /// Folder, wheel, program, or requirement
    #[arg(value_name = "SPEC")]
    pub(crate) spec: String,

    /// Use the folder as it is at any time; edits take effect when the channel starts
    #[arg(short, long)]
    pub(crate) editable: bool,

    /// Replace what is installed under that name
    #[arg(long)]
    pub(crate) force: bool,

    /// Print what the installer prints
    #[arg(short, long)]
    pub(crate) verbose: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The section in the config stays, and so does what the channel keeps.

Examples:
  nanobot plugins remove webhook
  nanobot plugins remove nanobot-channel-webhook --yes")]
pub(crate) struct PluginsRemoveArgs {
    /// Name of a channel, or of an installed package
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The plugin's program is run a dozen times, in empty folders and with its default section: your
config is not used. A channel that connects with what --section says writes a few messages to the
chat that --chat names. Ends with status 1 if a rule is broken.

Examples:
  nanobot plugins test webhook --section '{\"port\": 0}'
  nanobot plugins test matrix --section '{\"token\": \"…\"}' --chat '!room:example.org'
  nanobot plugins test ./target/debug/nanobot-channel-webhook
  nanobot plugins test telegram --json")]
pub(crate) struct PluginsTestArgs {
    /// Name of a channel, or path of a plugin's program
    #[arg(value_name = "NAME|PATH")]
    pub(crate) plugin: String,

    /// Keys that the section of the test has instead of the default ones
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) section: String,

    /// Chat that the test messages are sent to; a channel that knows its chats needs a real one
    #[arg(long, value_name = "ID", default_value = "conformance", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) chat: String,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}
