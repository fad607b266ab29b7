//! Which nanobot a command is about: the config file, the data beside it, and the environment.

use std::path::{Path, PathBuf};

use anyhow::Context;
use nanobot_agent::AgentSettings;
use nanobot_config::{Config, ConfigErrorKind, ConfigFile, ConfigWarning, Environment, Paths};

use crate::cli::{ConfigArgs, InstanceArgs};
use crate::failure::Failure;
use crate::output;

/// Where an instance lives and what surrounds it.
pub(crate) struct Instance {
    pub(crate) paths: Paths,
    pub(crate) home: PathBuf,
    pub(crate) environment: Environment,
    /// Whether the config file was named on the command line.
    is_chosen: bool,
    workspace: Option<PathBuf>,
}

/// The config of an instance.
pub(crate) struct Loaded {
    pub(crate) file: ConfigFile,
    pub(crate) config: Config,
    /// False if there is no file and the defaults are taken.
    pub(crate) exists: bool,
}

impl Instance {
    pub(crate) fn new(args: InstanceArgs) -> anyhow::Result<Self> {
        let home = std::env::home_dir()
            .filter(|home| !home.as_os_str().is_empty())
            .context("cannot find out where the home folder is; set the variable HOME")?;
        let is_chosen = args.config.config.is_some();
        let paths = args.config.config.map_or_else(
            || Paths::default_for_home(&home),
            |path| Paths::for_config(untilded(path, &home)),
        );
        let workspace = args.workspace.map(|typed| {
            let path = untilded(typed, &home);
            std::path::absolute(&path).unwrap_or(path)
        });
        Ok(Self { paths, home, environment: Environment::from_process(), is_chosen, workspace })
    }

    pub(crate) fn for_config(args: ConfigArgs) -> anyhow::Result<Self> {
        Self::new(InstanceArgs { config: args, workspace: None })
    }

    /// The config file, if it was named on the command line.
    pub(crate) fn chosen_config(&self) -> Option<&Path> {
        self.is_chosen.then_some(self.paths.config_file.as_path())
    }

    /// The workspace that was named on the command line.
    pub(crate) fn chosen_workspace(&self) -> Option<&Path> {
        self.workspace.as_deref()
    }

    /// Reads the config. Without a file the defaults are taken, unless one was named.
    pub(crate) fn load(&self) -> anyhow::Result<Loaded> {
        let path = &self.paths.config_file;
        let (file, exists) = match ConfigFile::load(path) {
            Ok(file) => (file, true),
            Err(error) if error.kind() == ConfigErrorKind::Missing && self.is_chosen => {
                return Err(missing(path).into());
            }
            Err(error) if error.kind() == ConfigErrorKind::Missing => {
                (ConfigFile::new_with_defaults(path), false)
            }
            Err(error) => return Err(error.into()),
        };
        let config = self.resolve(&file)?;
        Ok(Loaded { file, config, exists })
    }

    /// Finds out what a file means here.
    pub(crate) fn resolve(&self, file: &ConfigFile) -> anyhow::Result<Config> {
        let mut config = file.resolve(&self.environment)?;
        if let Some(workspace) = &self.workspace {
            config.agents.defaults.workspace = workspace.to_string_lossy().into_owned();
        }
        Ok(config)
    }

    /// The workspace of the agent.
    pub(crate) fn workspace(&self, config: &Config) -> PathBuf {
        // The path as given: the config can hold only Unicode.
        let configured = || config.agents.workspace(&self.home);
        self.workspace.clone().unwrap_or_else(configured)
    }

    /// What the agent needs to know.
    pub(crate) fn agent_settings(&self, config: &Config) -> AgentSettings {
        AgentSettings {
            workspace: self.workspace(config),
            ..AgentSettings::from_config(config, &self.home, &self.environment)
        }
        .with_data_dir(&self.paths.data_dir)
    }

    /// A command line of nanobot that is about this instance.
    pub(crate) fn command(&self, words: &str) -> String {
        match self.chosen_config() {
            Some(path) => format!("nanobot {words} --config {}", path.display()),
            None => format!("nanobot {words}"),
        }
    }
}

fn missing(path: &Path) -> Failure {
    Failure::new(format!("Config file not found: {}", path.display()))
        .with_hint(format!("run `nanobot onboard --config {}` to create it", path.display()))
}

/// A shell leaves `~` alone in `--config=~/…`.
pub(crate) fn untilded(path: PathBuf, home: &Path) -> PathBuf {
    path.strip_prefix("~").map(|rest| home.join(rest)).unwrap_or(path)
}

/// Says on stderr what a person should look at in the config.
pub(crate) fn tell_warnings(file: &Path, warnings: &[ConfigWarning]) {
    for warning in warnings {
        output::warning(format_args!("{}: {warning}", file.display()));
        if let Some(hint) = &warning.hint {
            output::hint(hint);
        }
    }
}
