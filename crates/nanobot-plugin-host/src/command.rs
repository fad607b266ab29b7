use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::{Sandbox, cache};

/// How to start a plugin.
#[derive(Clone, PartialEq, Eq)]
pub struct PluginCommand {
    /// Name of the channel that the plugin is expected to provide.
    pub name: String,
    /// The program; looked for on `PATH` if it is a bare name.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Environment variables that the user wants the plugin to have.
    pub env: BTreeMap<String, String>,
    /// Files beside the program that decide what the plugin says of itself: with an interpreter as
    /// the program, those of the package that it runs. A change makes a cached description stale.
    pub files: Vec<PathBuf>,
    /// What the plugin may use of the machine.
    pub sandbox: Sandbox,
    /// Folders of its package, and of those that this depends on, if the program does not tell.
    pub(crate) package_folders: Vec<PathBuf>,
    /// Whether it keeps things below the home folder by itself, as packages of the Python program do.
    /// Within walls it gets a home of its own then.
    pub(crate) lives_in_home: bool,
    /// What keeps it from being started, if that is known beforehand.
    pub(crate) obstacle: Option<Obstacle>,
}

/// Why a plugin that was found cannot be started, and what a person can do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Obstacle {
    pub(crate) reason: String,
    pub(crate) hint: String,
}

impl PluginCommand {
    /// A program of its own.
    #[must_use]
    pub fn executable(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: anchored(program.into()),
            args: Vec::new(),
            env: BTreeMap::new(),
            files: Vec::new(),
            sandbox: Sandbox::default(),
            package_folders: Vec::new(),
            lives_in_home: false,
            obstacle: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with_arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Confines the plugin in another way than usual.
    #[must_use]
    pub fn confined(mut self, sandbox: Sandbox) -> Self {
        self.sandbox = sandbox;
        self
    }

    /// A number that changes when the program, its files, or how it is started change. Good within
    /// one process only.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.program, &self.args, &self.env).hash(&mut hasher);
        cache::stamps(self).hash(&mut hasher);
        hasher.finish()
    }
}

/// A plugin runs in another folder than the host, so `./plugin` must not stay relative.
fn anchored(program: PathBuf) -> PathBuf {
    let is_bare_name = program.parent() == Some(Path::new(""));
    if is_bare_name {
        return program;
    }
    std::path::absolute(&program).unwrap_or(program)
}

impl std::fmt::Debug for PluginCommand {
    /// Leaves the values of the environment out: they may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PluginCommand")
            .field("name", &self.name)
            .field("program", &self.program)
            .field("args", &self.args)
            .field("env", &self.env.keys().collect::<Vec<_>>())
            .field("obstacle", &self.obstacle)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_program_is_anchored_and_a_bare_name_is_not() {
        let program = |path: &str| PluginCommand::executable("echo", path).program;
        assert_eq!(program("python3"), Path::new("python3"));
        assert_eq!(program("/bin/echo"), Path::new("/bin/echo"));
        assert!(program("./echo").is_absolute());
        assert!(program("build/echo").is_absolute());
    }

    #[test]
    fn values_of_the_environment_are_not_printed() {
        let command = PluginCommand::executable("echo", "/bin/echo").with_env("TOKEN", "hunter2");
        let text = format!("{command:?}");
        assert!(text.contains("TOKEN") && !text.contains("hunter2"), "{text}");
    }
}
