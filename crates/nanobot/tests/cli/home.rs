//! A home folder, and the commands that are run in it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");

/// An empty home folder.
pub(crate) struct Home(TempDir);

/// How a command ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    /// A home with this config file.
    pub(crate) fn with_config(config: &Value) -> Self {
        Self::with_config_text(&config.to_string())
    }

    /// A home with this text as the config file.
    pub(crate) fn with_config_text(text: &str) -> Self {
        let home = Self::new();
        std::fs::create_dir_all(home.data_dir()).expect("a folder can be made");
        std::fs::write(home.config_file(), text).expect("a file can be written");
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.path().join(".nanobot")
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.data_dir().join("config.json")
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.data_dir().join("workspace")
    }

    pub(crate) fn config_text(&self) -> String {
        std::fs::read_to_string(self.config_file()).expect("there is a config")
    }

    pub(crate) fn config(&self) -> Value {
        serde_json::from_str(&self.config_text()).expect("the config is JSON")
    }

    /// Installs a plugin: a shell script.
    pub(crate) fn install(&self, name: &str, script: &str) -> PathBuf {
        let folder = self.data_dir().join("plugins/bin");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let path = folder.join(format!("nanobot-channel-{name}"));
        let source = self.0.path().join(format!("{name}.sh"));
        std::fs::write(&source, script).expect("a file can be written");
        std::fs::set_permissions(&source, PermissionsExt::from_mode(0o755)).expect("our file");
        // By another process: a test that forks meanwhile would hold our handle for writing, and a
        // file that is open for writing cannot be run.
        let copied = Command::new("cp").arg(&source).arg(&path).status();
        assert!(copied.expect("there is cp").success(), "the plugin can be copied");
        path
    }

    pub(crate) fn into_folder(self) -> TempDir {
        self.0
    }

    /// A command with pipes, and nothing of the machine's environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/bin:/bin")
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command with nothing to read.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[], "")
    }

    /// Runs a command with environment variables and an input.
    pub(crate) fn run_with(&self, args: &[&str], env: &[(&str, &str)], input: &str) -> Ran {
        let mut child = self
            .command(args)
            .envs(env.iter().copied())
            .spawn()
            .expect("the program can be started");
        // Fails if the command has ended without reading, which is its right.
        let _ = child.stdin.take().expect("stdin is piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("a child can be waited for");
        Ran {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("the output is text"),
            stderr: String::from_utf8(output.stderr).expect("the output is text"),
        }
    }
}

impl Ran {
    /// Requires success, and returns what was printed on stdout.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.status, Some(0), "{self:#?}");
        self.stdout
    }

    /// Requires failure with this status, and returns what was printed on stderr.
    #[track_caller]
    pub(crate) fn failed(self, status: i32) -> String {
        assert_eq!(self.status, Some(status), "{self:#?}");
        self.stderr
    }
}

/// The lines of a table, with single spaces between the cells.
pub(crate) fn cells(table: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    table.lines().map(words).collect()
}

/// A plugin that answers everything, says on stderr what it delivers, and keeps what it is asked in
/// its state folder. As soon as it is started, `ada` says hello through it.
pub(crate) const GOOD_PLUGIN: &str = include_str!("good-plugin.sh");

/// A plugin that ends without a word.
pub(crate) const BROKEN_PLUGIN: &str = "#!/bin/sh\necho 'no such library' >&2\nexit 3\n";
