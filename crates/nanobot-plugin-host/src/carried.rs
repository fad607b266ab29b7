//! The Python distribution `nanobot`, which is part of this program.
//!
//! The public index has another program of that name, so nobody can be sent there for ours.

mod files {
    include!(concat!(env!("OUT_DIR"), "/carried.rs"));
}

use std::fmt::Write;
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
    pub(crate) fn in_folder(folder: &Path) -> Self {
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

    /// Removes what other builds of this program unpacked, and what an interrupted one left.
    ///
    /// For whoever knows that no other build is at work on this folder.
    pub(crate) fn remove_others(&self) -> io::Result<()> {
        let Some(parent) = self.0.parent().filter(|parent| parent.is_dir()) else {
            return Ok(());
        };
        for entry in std::fs::read_dir(parent)? {
            let entry = entry?;
            if entry.path() != self.0 && entry.file_type()?.is_dir() {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
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

/// The address of a file.
pub(crate) fn address(path: &Path) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let mut text = "file://".to_owned();
    for byte in path.to_string_lossy().bytes() {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_project_files_of_the_distribution_say_the_same() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let text = std::fs::read_to_string(root.join("pyproject.toml")).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let project = &table["project"];
        let dependencies = project["dependencies"].as_array().unwrap();
        let dependencies: Vec<_> = dependencies.iter().filter_map(toml::Value::as_str).collect();
        assert_eq!(project["name"].as_str(), Some(NAMES[0]));
        assert_eq!(project["version"].as_str(), Some(VERSION));
        assert_eq!(project["requires-python"].as_str(), Some(REQUIRES_PYTHON));
        assert_eq!(dependencies, DEPENDENCIES);
    }

    #[test]
    fn addresses_of_files_are_encoded() {
        assert_eq!(address(Path::new("/a b/ü")), "file:///a%20b/%C3%BC");
    }

    #[test]
    fn wheels_are_whole_and_unpacked_once() {
        let folder = tempfile::tempdir().unwrap();
        let carried = Carried::in_folder(folder.path());
        let wheels = carried.wheels().unwrap();
        let mut archive = zip::ZipArchive::new(std::fs::File::open(&wheels[0]).unwrap()).unwrap();
        let metadata = format!("nanobot-{VERSION}.dist-info");
        for name in ["nanobot/host/__main__.py", &format!("{metadata}/RECORD")] {
            assert!(archive.by_name(name).is_ok(), "{name}");
        }
        assert_eq!(wheels[1].file_name().unwrap().to_str().unwrap(), other_name().name());
        assert_eq!(carried.wheels().unwrap(), wheels);
    }

    #[test]
    fn what_other_builds_unpacked_is_removed_and_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let carried = Carried::in_folder(&folder.path().join("python"));
        carried.remove_others().unwrap();
        let sources = carried.sources().unwrap();
        for other in ["0.1.0-abc/sources/nanobot", ".abc.77/sources"] {
            std::fs::create_dir_all(folder.path().join("python").join(other)).unwrap();
        }
        carried.remove_others().unwrap();
        assert!(sources.join("nanobot/__init__.py").is_file());
        assert_eq!(folder.path().join("python").read_dir().unwrap().count(), 1);
    }
}
