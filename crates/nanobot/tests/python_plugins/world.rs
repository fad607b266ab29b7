//! A home folder with the commands that are run in it, and Python as the machine has it.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");

/// What packages of these tests require, directly or to be built.
const REQUIRED: [&str; 4] = ["loguru", "pydantic", "aiohttp", "setuptools>=77"];

/// A home folder.
pub(crate) struct World {
    home: TempDir,
    environment: Vec<(String, String)>,
}

/// How a command ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        symlink(python(), bin.join("python3")).unwrap();
        let environment = [
            ("HOME", home.path().display().to_string()),
            ("PATH", format!("{}:/usr/bin:/bin", bin.display())),
            ("PIP_NO_INDEX", "1".to_owned()),
            ("PIP_FIND_LINKS", wheels().display().to_string()),
            ("PIP_DISABLE_PIP_VERSION_CHECK", "1".to_owned()),
            // Half the time of an installation; what is not used need not be compiled.
            ("PIP_NO_COMPILE", "1".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        Self { home, environment: environment.to_vec() }
    }

    /// Sets a variable for all commands.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.unset(name);
        self.environment.push((name.to_owned(), value.into()));
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.retain(|(other, _)| other != name);
    }

    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.path(".nanobot").join(name)
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn into_home(self) -> TempDir {
        self.home
    }

    /// A program with this environment and no other.
    pub(crate) fn command(&self, program: impl AsRef<Path>, args: &[&str]) -> Command {
        let mut command = Command::new(program.as_ref());
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.args(args).env_clear().envs(environment).current_dir(self.home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run_program(&self, program: impl AsRef<Path>, args: &[&str]) -> Ran {
        let output = self.command(program, args).output().unwrap();
        Ran {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command of nanobot.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_program(BINARY, args)
    }

    /// Installs what pip understands into an environment, which is made if need be.
    pub(crate) fn pip_install(&self, environment: &str, args: &[&str]) {
        let folder = self.path(environment);
        if !folder.exists() {
            self.run_program(python(), &["-m", "venv", folder.to_str().unwrap()]).succeeded();
        }
        let args = [&["-m", "pip", "install", "-q"], args].concat();
        self.run_program(folder.join("bin/python"), &args).succeeded();
    }

    /// A copy of our Python distribution, to be installed.
    pub(crate) fn distribution(&self) -> PathBuf {
        let source = repository().join("python");
        let target = self.path("distribution");
        copy(&source.join("nanobot"), &target.join("nanobot"));
        for file in ["pyproject.toml", "README.md"] {
            std::fs::copy(source.join(file), target.join(file)).unwrap();
        }
        target
    }

    /// A copy of the example, to be installed.
    pub(crate) fn example(&self) -> PathBuf {
        let source = repository().join("examples/nanobot-channel-webhook-python");
        let target = self.path("nanobot-channel-webhook");
        copy(&source.join("nanobot_channel_webhook"), &target.join("nanobot_channel_webhook"));
        std::fs::copy(source.join("pyproject.toml"), target.join("pyproject.toml")).unwrap();
        target
    }
}

impl Ran {
    /// Requires success, and returns what was printed on stdout.
    #[track_caller]
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.status, Some(0), "{self:#?}");
        self.stdout
    }

    /// Requires failure, and returns what was printed on stderr.
    #[track_caller]
    pub(crate) fn failed(self) -> String {
        assert_eq!(self.status, Some(1), "{self:#?}");
        self.stderr
    }
}

/// Everything below a folder, with contents; to see whether something changed.
pub(crate) fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(snapshot(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Copies sources and nothing that Python made of them.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_file() {
            std::fs::copy(&path, target).unwrap();
        } else if !path.ends_with("__pycache__") {
            copy(&path, &target);
        }
    }
}

/// The interpreter itself, and no script in front of it.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let args = ["-c", "import os, sys; print(os.path.realpath(sys.executable))"];
        let output = Command::new("python3").args(args).output().expect("there is Python");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}

/// A folder with the wheels of everything that is required.
pub(crate) fn wheels() -> &'static Path {
    static WHEELS: OnceLock<PathBuf> = OnceLock::new();
    WHEELS.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wheels");
        if !folder.exists() {
            let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let mut pip = Command::new(python());
            pip.args(["-m", "pip", "wheel", "-q", "-w"]).arg(fresh.path()).args(REQUIRED);
            let status = pip.status().expect("there is pip");
            assert!(status.success(), "pip cannot fetch what channel packages require");
            std::fs::rename(fresh.keep(), &folder).unwrap();
        }
        folder
    })
}
