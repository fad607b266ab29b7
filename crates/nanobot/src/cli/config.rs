use clap::{Args, Subcommand};

use super::ConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the config file; exits with 1 if it cannot be used
    Validate(ConfigValidateArgs),
    /// Print the JSON Schema of the config file
    #[command(after_help = "\
Example:
  nanobot config schema > config.schema.json")]
    Schema,
    /// Print where the config file is
    Path(ConfigPathArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Errors and warnings say their line, and errors also what to do. Nothing is changed.

Examples:
  nanobot config validate
  nanobot config validate -c ./config.json && nanobot gateway -c ./config.json")]
pub(crate) struct ConfigValidateArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  $EDITOR \"$(nanobot config path)\"")]
pub(crate) struct ConfigPathArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}
