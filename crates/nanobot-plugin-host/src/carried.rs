//! The Python distribution `nanobot`, which is part of this program.
//!
//! The public index has another program of that name, so nobody can be sent there for ours.

mod files {
    include!(concat!(env!("OUT_DIR"), "/carried.rs"));
}

use std::io;
use std::path::{Path, PathBuf};

use crate::wheel::Wheel;
use files::{DEPENDENCIES, FILES, FINGERPRINT, REQUIRES_PYTHON, VERSION};

/// The names under which packages require our distribution.
pub(crate) const NAMES: [&str; 2] = ["nanobot", "nanobot-ai"];

/// The distribution, unpacked below a folder that need not exist. One folder for each build of this
/// program: what others still use is not touched.
#[derive(Debug)]
pub(crate) struct Carried(PathBuf);

impl Carried {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self(folder.join(format!("{VERSION}-{FINGERPRINT}")))
    }

    /// A folder to import the package from.
    pub(crate) fn sources(&self) -> io::Result<PathBuf> {
        Ok(self.unpacked()?.join("sources"))
    }

    /// The wheels of the distribution, one for each of its names.
    pub(crate) fn wheels(&self) -> io::Result<Vec<PathBuf>> {
        let folder = self.unpacked()?;
        Ok([distribution(), other_name()].iter().map(|wheel| folder.join(wheel.name())).collect())
    }

    fn unpacked(&self) -> io::Result<&Path> {
        let folder = &self.0;
        if folder.is_dir() {
            return Ok(folder);
        }
        let parent = folder.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)?;
        let fresh = parent.join(format!(".{FINGERPRINT}.{}", std::process::id()));
        let made = unpack(&fresh).and_then(|()| std::fs::rename(&fresh, folder));
        if made.is_err() {
            // It may not be there at all.
            let _ = std::fs::remove_dir_all(&fresh);
        }
        // Another process may have been faster, and its files are the same.
        if folder.is_dir() { Ok(folder) } else { made.map(|()| folder.as_path()) }
    }
}

fn unpack(folder: &Path) -> io::Result<()> {
    for (name, content) in FILES {
        let path = folder.join("sources").join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, content)?;
    }
    distribution().write_to(folder)?;
    other_name().write_to(folder)?;
    Ok(())
}

fn distribution() -> Wheel {
    let mut wheel = Wheel::new(NAMES[0], VERSION).requires_python(REQUIRES_PYTHON);
    for dependency in DEPENDENCIES {
        wheel = wheel.requires(dependency);
    }
    FILES.iter().fold(wheel, |wheel, (name, content)| wheel.file(name, *content))
}

/// Holds nothing and requires the other one, so that either name is met by one program.
fn other_name() -> Wheel {
    let wheel = Wheel::new(NAMES[1], VERSION).requires_python(REQUIRES_PYTHON);
    wheel.requires(&format!("{}=={VERSION}", NAMES[0]))
}
