use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::TestGateway;
use super::lines::Lines;

/// Where programs are looked for, unless a test says something else.
const PATH: &str = "/usr/bin:/bin";

/// A gateway that is still to be configured.
pub struct TestGatewayBuilder {
    binary: PathBuf,
    command: &'static str,
    home: Option<TempDir>,
    config: Option<Value>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl TestGatewayBuilder {
    pub(super) fn new(binary: PathBuf) -> Self {
        let config = Some(json!({}));
        Self { binary, command: "gateway", home: None, config, args: Vec::new(), env: Vec::new() }
    }

    /// Runs this command, which must listen as the gateway does, instead of `gateway`.
    #[must_use]
    pub fn command(mut self, command: &'static str) -> Self {
        self.command = command;
        self
    }

    /// Writes this as the config file; an empty object unless this is called.
    #[must_use]
    pub fn config(mut self, config: Value) -> Self {
        self.config = Some(config);
        self
    }

    /// Leaves the config file as it is in the home, or missing.
    #[must_use]
    pub fn without_config(mut self) -> Self {
        self.config = None;
        self
    }

    /// Uses this home folder instead of an empty one.
    #[must_use]
    pub fn home(mut self, home: TempDir) -> Self {
        self.home = Some(home);
        self
    }

    /// Adds an argument to the command and its `--port 0`.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Starts the gateway and waits until it listens.
    ///
    /// # Panics
    ///
    /// Panics with what was printed when it does not start.
    pub async fn start(self) -> TestGateway {
        self.try_start().await.unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Starts the gateway and waits until it listens.
    ///
    /// # Errors
    ///
    /// Returns what was printed when it does not start.
    ///
    /// # Panics
    ///
    /// Panics when the program cannot be started at all.
    pub async fn try_start(self) -> Result<TestGateway, String> {
        let home = self.home.unwrap_or_else(|| tempfile::tempdir().expect("a folder can be made"));
        if let Some(config) = &self.config {
            write_config(home.path(), config);
        }
        let mut child = command(&self.binary, home.path())
            .args([self.command, "--port", "0"])
            .args(&self.args)
            .envs(self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program can be started");
        let stdout = Lines::read(child.stdout.take().expect("stdout is piped"));
        let stderr = Lines::read(child.stderr.take().expect("stderr is piped"));
        let program = (self.binary, self.command);
        TestGateway::listening(program, home, child, stdout, stderr).await
    }
}

/// The program with this home and nothing else of the machine's environment.
pub(super) fn command(binary: &Path, home: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().env("HOME", home).env("PATH", OsStr::new(PATH)).current_dir(home);
    command
}

fn write_config(home: &Path, config: &Value) {
    let folder = home.join(".nanobot");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let text = serde_json::to_string_pretty(config).expect("JSON can be written");
    std::fs::write(folder.join("config.json"), text).expect("a file can be written");
}
