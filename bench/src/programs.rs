//! The programs that are measured, and where they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::subject::{MEMORY_DISK, Subject};

/// Where the programs are.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    /// Folder of our binaries.
    binaries: PathBuf,
    /// Folder with the environments that `bench/original.sh` makes.
    environments: PathBuf,
}

impl Programs {
    /// Takes our binaries from a folder, or builds them with the profile of this program.
    pub(crate) fn find(binaries: Option<PathBuf>) -> anyhow::Result<Self> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no checkout")?;
        let binaries = match binaries {
            Some(folder) => folder.canonicalize().context("the folder of --bin is not there")?,
            None => build(checkout)?,
        };
        let programs = Self { binaries, environments: checkout.join("target/bench") };
        for program in [programs.nanobot(), programs.plugin()] {
            if !program.is_file() {
                bail!("{} is missing; leave --bin away to build it", program.display());
            }
        }
        Ok(programs)
    }

    pub(crate) fn nanobot(&self) -> PathBuf {
        self.binaries.join("nanobot")
    }

    pub(crate) fn plugin(&self) -> PathBuf {
        self.binaries.join("nanobot-channel-webhook")
    }

    pub(crate) fn original(&self) -> PathBuf {
        self.environments.join("original/bin/nanobot")
    }

    /// Version of the original, as its metadata says it.
    pub(crate) fn original_version(&self) -> Option<String> {
        let libraries = fs::read_dir(self.environments.join("original/lib")).ok()?;
        let packages = libraries.flatten().map(|it| fs::read_dir(it.path().join("site-packages")));
        let packages = packages.flatten().flatten().flatten();
        let names = packages.map(|package| package.file_name().to_string_lossy().into_owned());
        names
            .filter_map(|name| {
                let version = name.strip_prefix("nanobot_ai-")?.strip_suffix(".dist-info")?;
                Some(version.to_owned())
            })
            .next()
    }

    /// Interpreter with our Python distribution.
    pub(crate) fn python(&self) -> PathBuf {
        self.environments.join("python/bin/python3")
    }

    /// Why a subject cannot be measured here, if so.
    pub(crate) fn missing(&self, subject: Subject) -> Option<&'static str> {
        let is_there = match subject {
            Subject::Forwarder | Subject::Ours => true,
            Subject::OursUnflushed => Path::new(MEMORY_DISK).is_dir(),
            Subject::OursPython => self.python().exists(),
            Subject::Original => self.original().exists(),
        };
        (!is_there).then_some(match subject {
            Subject::OursUnflushed => "there is no disk in memory",
            _ => "not installed; run bench/original.sh",
        })
    }
}

/// Builds our programs, and returns their folder: the one that this program is in.
fn build(checkout: &Path) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--package", "nanobot", "--package", "nanobot-channel-webhook"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let built = command.current_dir(checkout).status().context("failed to start cargo")?;
    if !built.success() {
        bail!("the programs cannot be built: {built}");
    }
    let program = std::env::current_exe().context("failed to find this program")?;
    Ok(program.parent().context("this program is in no folder")?.to_owned())
}
