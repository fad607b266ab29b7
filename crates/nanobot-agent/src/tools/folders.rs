//! Which files the tools may touch.
//!
//! A path is first resolved with all its links, and the result is judged. It is then opened without
//! following any link.

mod open;

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::settings::{CommandSandbox, ToolSettings};
use crate::tool::ToolError;

use super::below;

/// Folder of the workspace with the conversations of all people.
const SESSIONS: &str = "sessions";

/// What looks like files and is none: the memory and the environment of processes, and devices.
const NO_FILES: [&str; 3] = ["/proc", "/dev", "/sys"];

/// The folders that tools may touch, and those that they must not.
pub(crate) struct Folders {
    workspace: PathBuf,
    media: Option<PathBuf>,
    /// Configuration and data of nanobot itself.
    data_dir: Option<PathBuf>,
    is_restricted: bool,
}

/// What is to be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Folders {
    pub(crate) fn new(workspace: &Path, settings: &ToolSettings) -> Self {
        let absolute = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
        Self {
            workspace: absolute(workspace.to_owned()),
            media: settings.media_dir().map(absolute),
            data_dir: settings.data_dir.clone().map(absolute),
            is_restricted: settings.config.restrict_to_workspace
                || settings.sandbox == CommandSandbox::Bubblewrap,
        }
    }

    /// The workspace with all links resolved; it is created if it does not exist.
    pub(crate) fn workspace(&self) -> PathBuf {
        let real = |path: &Path| path.canonicalize();
        real(&self.workspace)
            .or_else(|_| {
                std::fs::create_dir_all(&self.workspace).and_then(|()| real(&self.workspace))
            })
            .unwrap_or_else(|_| self.workspace.clone())
    }

    /// The media folder with all links resolved, if it exists.
    pub(crate) fn media(&self) -> Option<PathBuf> {
        self.media.as_deref()?.canonicalize().ok()
    }

    /// The data folder with all links resolved, if it exists.
    pub(crate) fn data_dir(&self) -> Option<PathBuf> {
        self.data_dir.as_deref()?.canonicalize().ok()
    }

    /// Resolves what a model typed, and judges it.
    pub(crate) fn locate(&self, typed: &str, access: Access) -> Result<PathBuf, ToolError> {
        let path = below(&self.workspace(), typed);
        let real = resolve(&path)
            .map_err(|error| ToolError::new(format!("the path {typed} cannot be used: {error}")))?;
        if self.allows(&real, access) {
            return Ok(real);
        }
        Err(ToolError::new(format!(
            "{typed} is outside of the folders that may be used here ({})",
            self.workspace().display()
        )))
    }

    /// Whether a resolved path may be touched.
    pub(crate) fn allows(&self, real: &Path, access: Access) -> bool {
        if access == Access::Read && self.media().is_some_and(|media| real.starts_with(media)) {
            return true;
        }
        if self.is_ours(real) {
            return false;
        }
        match real.strip_prefix(self.workspace()) {
            Ok(inside) => !inside.starts_with(SESSIONS),
            Err(_) => !self.is_restricted && !is_no_file(real),
        }
    }

    /// Whether a resolved path belongs to nanobot itself. Of workspace and data folder, either may lie
    /// in the other; the inner one counts.
    fn is_ours(&self, real: &Path) -> bool {
        let Some(data_dir) = self.data_dir() else { return false };
        let workspace = self.workspace();
        let is_work = real.starts_with(&workspace) && !data_dir.starts_with(&workspace);
        real.starts_with(&data_dir) && !is_work
    }

    /// The data folder, if the workspace is around it.
    pub(crate) fn data_dir_in_workspace(&self) -> Option<PathBuf> {
        self.data_dir().filter(|data_dir| data_dir.starts_with(self.workspace()))
    }

    /// Whether a resolved path lies where files may be taken from to be sent to people.
    pub(crate) fn may_be_sent(&self, real: &Path) -> bool {
        let inside_media = self.media().is_some_and(|media| real.starts_with(media));
        let inside = inside_media || real.starts_with(self.workspace());
        inside && self.allows(real, Access::Read)
    }

    /// How a path is shown to the model: below the workspace if it lies there.
    pub(crate) fn shown(&self, real: &Path) -> String {
        let inside = real.strip_prefix(self.workspace()).ok();
        let shown = inside.filter(|path| !path.as_os_str().is_empty()).unwrap_or(real);
        shown.display().to_string()
    }
}

/// Whether a resolved path only looks like a file. The environment of the program, with its keys, is
/// to be had there.
pub(crate) fn is_no_file(real: &Path) -> bool {
    NO_FILES.iter().any(|folder| real.starts_with(folder))
}

/// Resolves all links of the part that exists; what does not exist yet must lie plainly below it.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut existing = path;
    let mut missing: Vec<&OsStr> = Vec::new();
    loop {
        match existing.canonicalize() {
            Ok(real) => return Ok(missing.iter().rev().fold(real, |path, name| path.join(name))),
            // A link into the void exists, and where it leads may exist a moment later.
            Err(error) if existing.symlink_metadata().is_ok() => return Err(error),
            Err(error) => {
                let name = existing.file_name().ok_or(error)?;
                missing.push(name);
                existing = existing.parent().ok_or(io::ErrorKind::NotFound)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    pub(super) struct Home {
        pub(super) root: tempfile::TempDir,
        pub(super) folders: Folders,
    }

    /// A data folder with a workspace, media and secrets, and a file outside of it.
    pub(super) fn home(is_restricted: bool) -> Home {
        let root = tempfile::tempdir().expect("a temporary directory");
        let data_dir = root.path().join("data");
        for folder in ["data/work/sub", "data/work/sessions", "data/media", "outside"] {
            std::fs::create_dir_all(root.path().join(folder)).expect("the folder is created");
        }
        for file in [
            "data/config.json",
            "data/work/a.txt",
            "data/work/sessions/x.jsonl",
            "data/media/p.png",
            "outside/secret",
        ] {
            std::fs::write(root.path().join(file), file).expect("the file is written");
        }
        let mut settings =
            ToolSettings { data_dir: Some(data_dir.clone()), ..ToolSettings::default() };
        settings.config.restrict_to_workspace = is_restricted;
        let folders = Folders::new(&data_dir.join("work"), &settings);
        Home { root, folders }
    }

    impl Home {
        pub(super) fn path(&self, path: &str) -> String {
            self.root.path().join(path).display().to_string()
        }

        fn can(&self, path: &str, access: Access) -> bool {
            self.folders.locate(path, access).is_ok()
        }
    }

    #[test]
    fn a_restricted_agent_sees_workspace_and_media_only() {
        let home = home(true);
        assert!(home.can("a.txt", Access::Read));
        assert!(home.can("new/deep/file", Access::Write));
        assert!(home.can(&home.path("data/media/p.png"), Access::Read));
        assert!(!home.can(&home.path("data/media/p.png"), Access::Write));
        for outside in
            ["../config.json", "sub/../../config.json", "sessions/x.jsonl", "/etc/hostname"]
        {
            assert!(!home.can(outside, Access::Read), "{outside}");
        }
        assert!(!home.can(&home.path("outside/secret"), Access::Read));
        assert!(!home.can("missing/../../../outside/secret", Access::Read));
    }

    #[test]
    fn an_unrestricted_agent_does_not_see_the_data_of_nanobot() {
        let home = home(false);
        assert!(home.can(&home.path("outside/secret"), Access::Write));
        assert!(!home.can("../config.json", Access::Read));
        assert!(!home.can(&home.path("data/ledger.sqlite"), Access::Write));
    }

    #[test]
    fn a_workspace_around_the_data_of_nanobot_does_not_open_it() {
        let home = home(true);
        let settings =
            ToolSettings { data_dir: home.folders.data_dir.clone(), ..ToolSettings::default() };
        let folders = Folders::new(home.root.path(), &settings);
        for (path, is_seen) in [
            ("outside/secret", true),
            ("data/media/p.png", true),
            ("data/config.json", false),
            ("data/ledger.sqlite", false),
        ] {
            assert_eq!(folders.locate(path, Access::Read).is_ok(), is_seen, "{path}");
            let real = home.root.path().canonicalize().expect("a folder").join(path);
            assert_eq!(folders.may_be_sent(&real), is_seen, "{path}");
        }
        assert!(folders.locate("data/media/p.png", Access::Write).is_err());
        let seen = super::super::files::list(
            &folders,
            &folders.workspace(),
            None,
            99,
            super::super::search::Deadline::new(),
        );
        assert!(seen.contains("outside/secret") && seen.contains("data/media/p.png"), "{seen}");
        assert!(!seen.contains("config.json"), "{seen}");
    }

    #[test]
    fn links_do_not_lead_out() {
        let home = home(true);
        let link = |target: &str, name: &str| {
            symlink(home.path(target), home.path(name)).expect("the link is created");
        };
        link("outside", "data/work/folder-link");
        link("outside/secret", "data/work/file-link");
        link("outside/new", "data/work/link-into-the-void");
        link("data/work/sub", "data/work/inner-link");
        for path in ["folder-link/secret", "folder-link/new", "file-link", "link-into-the-void"] {
            assert!(!home.can(path, Access::Read), "{path}");
            assert!(!home.can(path, Access::Write), "{path}");
        }
        assert!(home.can("inner-link/new", Access::Write));
    }
}
