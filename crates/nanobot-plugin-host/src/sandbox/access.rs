use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::program::{is_harmless, needs};
use super::{OwnFolders, system};
use crate::PluginCommand;

/// Variables with the places of certificates, which the plugin gets, too.
const CERTIFICATES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The files and folders that a confined process may touch; all others are denied. The network is
/// open to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// It may read and run these, and what is in them.
    pub readable: Vec<PathBuf>,
    /// It may read, run and write these, and what is in them.
    pub writable: Vec<PathBuf>,
}

impl PluginCommand {
    /// What the plugin may touch beside the folders of its channel, if it is confined.
    #[must_use]
    pub fn access(&self) -> Access {
        let private = private(&self.sandbox.private);
        let path = self.env.get("PATH").map(Into::into).or_else(|| std::env::var_os("PATH"));
        let mut readable = system::readable(&private);
        let certificates = CERTIFICATES.iter().filter_map(std::env::var_os).map(PathBuf::from);
        let package = self.package_folders.iter().filter(|it| is_harmless(it, &private));
        let others = needs(&self.program, path.as_deref(), &private)
            .into_iter()
            .chain(package.cloned())
            .chain(certificates)
            .chain(self.sandbox.read.iter().cloned());
        others.for_each(|path| add(&mut readable, path));
        let devices = system::DEVICES.map(PathBuf::from);
        let writable = devices.into_iter().chain(self.sandbox.write.iter().cloned()).collect();
        Access { readable, writable }
    }

    pub(super) fn access_with(&self, own: OwnFolders<'_>, temporary: &Path) -> Access {
        let mut access = self.access();
        access.readable.extend(own.outgoing.map(Path::to_owned));
        let writable = [own.state, own.media, Some(temporary)].into_iter().flatten();
        access.writable.extend(writable.map(Path::to_owned));
        access
    }
}

/// Folders with the temporary files of all programs are as private as those of people.
fn private(named: &[PathBuf]) -> Vec<PathBuf> {
    let temporary = std::env::temp_dir();
    let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    named.iter().chain([&temporary]).filter(|it| !it.as_os_str().is_empty()).map(real).collect()
}

/// Adds what is not within the others already.
fn add(paths: &mut Vec<PathBuf>, path: PathBuf) {
    let is_within = |it: &PathBuf| path.starts_with(it) && it.as_os_str() != OsStr::new("");
    if !paths.iter().any(is_within) {
        paths.push(path);
    }
}
