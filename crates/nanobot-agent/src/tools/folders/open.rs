//! Opening of files that were judged, folder by folder without following any link: one that was put
//! in the way in between leads nowhere.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::Folders;

#[cfg(target_os = "linux")]
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

impl Folders {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::Access;
    use super::super::tests::home;

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
