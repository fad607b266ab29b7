use std::io;
use std::path::PathBuf;

/// Why a plugin was not installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// What was typed leads to nothing.
    #[error("there is no file or folder {}", .0.display())]
    Missing(PathBuf),
    /// What was typed leads to something else.
    #[error("{} is neither a Python package nor a plugin's program", .0.display())]
    NotAPlugin(PathBuf),
    /// The requirement is on nanobot itself.
    #[error("{0} is nanobot itself, not a plugin")]
    Ourselves(String),
    /// What was typed is no name of a package.
    #[error("{0:?} is no requirement that an installer could look up")]
    NotARequirement(String),
    /// Something of that name was installed before.
    #[error("{0} is installed already")]
    AlreadyInstalled(String),
    /// Only folders can be used as they are at any time.
    #[error("only a folder with a Python package can be installed with -e")]
    NotEditable,
    /// Another process installs or removes plugins.
    #[error("plugins are being installed or removed by another nanobot")]
    Busy,
    /// There is no Python, or only an old one.
    #[error("no Python from 3.11 on was found")]
    NoPython,
    /// The project file of a package is damaged, or says too little.
    #[error("cannot use {}: {reason}", path.display())]
    Project {
        /// The project file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A program that does the work failed.
    #[error("{action} failed ({status})")]
    Step {
        /// What it did.
        action: String,
        /// How it ended.
        status: String,
        /// The last lines that it printed.
        tail: Vec<String>,
    },
    /// The package has no channel.
    #[error("{0} provides no channel")]
    NoChannel(String),
    /// The plugin cannot be run where it was installed.
    #[error("{name} cannot run in its environment: {reason}")]
    Unusable {
        /// The channel.
        name: String,
        /// What is missing.
        reason: String,
    },
    /// A file or folder could not be read or written.
    #[error("{action}")]
    Files {
        /// What was being done.
        action: String,
        /// What the system says.
        source: io::Error,
    },
}

impl InstallError {
    pub(super) fn files(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Files { action, source }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotAPlugin(_) => {
                "name a folder with a pyproject.toml or a Cargo.toml, a wheel, or a program whose \
                 name is nanobot-channel-<name>"
            }
            Self::Ourselves(_) => "it comes with this program; each plugin gets it by itself",
            Self::NotARequirement(_) => {
                "write the name of a package, e.g. `nanobot-channel-webhook`, or the path of one"
            }
            Self::AlreadyInstalled(_) => "install with `--force` to replace it",
            Self::Busy => "wait for it to finish, and try again",
            Self::NoPython => {
                "install Python 3.11 or newer, or uv, or name an interpreter in `plugins.python`"
            }
            Self::NoChannel(_) => {
                "a channel package has an entry point in the group `nanobot.channels`, and a \
                 plugin's program is named nanobot-channel-<name>"
            }
            Self::Step { tail, .. } => return hint_in(tail).map(str::to_owned),
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// The last lines of the program that failed.
    #[must_use]
    pub fn tail(&self) -> &[String] {
        match self {
            Self::Step { tail, .. } => tail,
            _ => &[],
        }
    }
}

/// What helps with failures that many people meet.
fn hint_in(tail: &[String]) -> Option<&'static str> {
    let said = |words: &str| tail.iter().any(|line| line.contains(words));
    if said("ensurepip is not available") {
        return Some("install the package python3-venv of the system, or uv");
    }
    if said("No matching distribution found") || said("was not found in the package registry") {
        return Some("check the name, and that the package index can be reached");
    }
    None
}
