//! Which files the tools may touch.
//!
//! A path is first resolved with all its links, and the result is judged. It is then opened folder
//! by folder without following any link, so that a link put in its way in between leads nowhere.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::settings::{CommandSandbox, ToolSettings};
use crate::tool::ToolError;

use super::below;

#[cfg(target_os = "linux")]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

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
        let workspace = self.workspace();
        if let Ok(inside) = real.strip_prefix(&workspace) {
            return !inside.starts_with(SESSIONS);
        }
        let is_media = self.media().is_some_and(|media| real.starts_with(media));
        if is_media && access == Access::Read {
            return true;
        }
        let is_ours = self.data_dir().is_some_and(|data_dir| real.starts_with(data_dir));
        !is_ours && !self.is_restricted && !is_no_file(real)
    }

    /// Whether a resolved path lies where files may be taken from to be sent to people.
    pub(crate) fn may_be_sent(&self, real: &Path) -> bool {
        let inside_media = self.media().is_some_and(|media| real.starts_with(media));
        inside_media
            || real.strip_prefix(self.workspace()).is_ok_and(|inside| !inside.starts_with(SESSIONS))
    }

    /// How a path is shown to the model: below the workspace if it lies there.
    pub(crate) fn shown(&self, real: &Path) -> String {
        let inside = real.strip_prefix(self.workspace()).ok();
        let shown = inside.filter(|path| !path.as_os_str().is_empty()).unwrap_or(real);
        shown.display().to_string()
    }

    /// Opens a resolved path for reading.
    pub(crate) fn open(&self, real: &Path) -> io::Result<File> {
        let (folder, name) = self.open_parent(real, false)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        Ok(rustix::fs::openat(folder, name, flags, Mode::empty())?.into())
    }

    /// Puts a file into the place of a resolved path, whole or not at all.
    pub(crate) fn replace(&self, real: &Path, content: &[u8]) -> io::Result<()> {
        use std::io::Write;

        let (folder, name) = self.open_parent(real, true)?;
        let mode = rustix::fs::statat(&folder, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
            .map_or(Mode::from_raw_mode(0o644), |stat| Mode::from_raw_mode(stat.st_mode & 0o777));
        let temporary = format!(".nanobot-{:016x}", fastrand::u64(..));
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file: File = rustix::fs::openat(&folder, &temporary, flags, mode)?.into();
        let written = file
            .write_all(content)
            .and_then(|()| Ok(rustix::fs::renameat(&folder, &temporary, &folder, name)?));
        if written.is_err() {
            // The half file is of no use; what matters is the first failure.
            let _ = rustix::fs::unlinkat(&folder, &temporary, rustix::fs::AtFlags::empty());
        }
        written
    }

    /// Opens the folder of a file, from the nearest folder that is trusted.
    fn open_parent<'p>(&self, real: &'p Path, creates: bool) -> io::Result<(OwnedFd, &'p OsStr)> {
        let workspace = self.workspace();
        let start = if real.starts_with(&workspace) { workspace } else { PathBuf::from("/") };
        let inside = real.strip_prefix(&start).map_err(io::Error::other)?;
        let name = inside.file_name().ok_or(io::Error::from(io::ErrorKind::IsADirectory))?;
        let mut folder = rustix::fs::open(&start, FOLDER, Mode::empty())?;
        for component in inside.parent().into_iter().flat_map(Path::components) {
            let Component::Normal(next) = component else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            if creates {
                match rustix::fs::mkdirat(&folder, next, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            folder = rustix::fs::openat(&folder, next, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok((folder, name))
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

    struct Home {
        root: tempfile::TempDir,
        folders: Folders,
    }

    /// A data folder with a workspace, media and secrets, and a file outside of it.
    fn home(is_restricted: bool) -> Home {
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
        fn path(&self, path: &str) -> String {
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

    #[test]
    fn a_link_that_appears_after_the_judgement_is_not_followed() {
        let home = home(true);
        let judged = home.folders.locate("sub/file", Access::Write).expect("the path is inside");
        std::fs::remove_dir(home.path("data/work/sub")).expect("the folder is removed");
        symlink(home.path("outside"), home.path("data/work/sub")).expect("the link is created");
        assert!(home.folders.replace(&judged, b"overwritten").is_err());
        assert!(home.folders.open(&judged.with_file_name("secret")).is_err());
        assert!(!home.root.path().join("outside/file").exists());
    }

    #[test]
    fn replacing_a_file_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt;

        let home = home(true);
        let path = home.path("data/work/a.txt");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("the mode is set");
        let real = home.folders.locate("a.txt", Access::Write).expect("the path is inside");
        home.folders.replace(&real, b"new").expect("the file is written");
        let mode = std::fs::metadata(&path).expect("the file exists").permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        assert_eq!(std::fs::read(&path).expect("the file is read"), b"new");
    }
}
