use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::InstallError;
use super::project::Project;
use crate::carried;
use crate::discover::executables::{channel_name, is_executable};
use crate::python::normalised;

/// What can be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spec {
    /// A folder with a Python package.
    Folder(PathBuf),
    /// A wheel, or an archive of a Python package.
    Archive(PathBuf),
    /// Something that Python installers look up: a name with a version, or an address.
    Requirement(String),
    /// A plugin's program.
    Program(PathBuf),
    /// A folder with a Rust crate.
    Crate(PathBuf),
}

impl Spec {
    /// Understands what was typed.
    ///
    /// # Errors
    ///
    /// Fails if it is a path to nothing or to something else, or cannot be the name of a package.
    pub fn parse(typed: &str) -> Result<Self, InstallError> {
        let path = std::path::absolute(typed).unwrap_or_else(|_| PathBuf::from(typed));
        if path.exists() && !typed.is_empty() {
            return Self::of_path(path);
        }
        let is_address = typed.contains("://") || typed.contains('@');
        let is_path = typed.contains(std::path::is_separator) || typed.starts_with('.');
        if is_path && !is_address {
            return Err(InstallError::Missing(path));
        }
        let name = required_name(typed);
        if name.is_empty() || typed.starts_with('-') {
            return Err(InstallError::NotARequirement(typed.to_owned()));
        }
        if carried::NAMES.contains(&normalised(&name).as_str()) {
            return Err(InstallError::Ourselves(name));
        }
        Ok(Self::Requirement(typed.to_owned()))
    }

    fn of_path(path: PathBuf) -> Result<Self, InstallError> {
        let has = |name: &str| path.join(name).is_file();
        if ["pyproject.toml", "setup.py", "setup.cfg"].into_iter().any(has) {
            return Ok(Self::Folder(path));
        }
        if has("Cargo.toml") {
            return Ok(Self::Crate(path));
        }
        let name = path.file_name().unwrap_or_default();
        if path.is_file() && is_archive(name) {
            return Ok(Self::Archive(path));
        }
        if channel_name(name).is_some() && is_executable(&path) {
            return Ok(Self::Program(path));
        }
        Err(InstallError::NotAPlugin(path))
    }

    /// The name of the distribution, as far as it shows before it is installed.
    pub(super) fn distribution(&self) -> String {
        let name = match self {
            Self::Folder(folder) => Project::read(folder)
                .ok()
                .flatten()
                .and_then(|project| project.name().map(str::to_owned))
                .unwrap_or_else(|| last_part(folder)),
            Self::Archive(path) => archived_name(&last_part(path)),
            Self::Requirement(typed) => required_name(typed),
            Self::Program(path) | Self::Crate(path) => last_part(path),
        };
        let is_kept = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
        let name: String = normalised(&name).chars().filter(is_kept).collect();
        if name.is_empty() { "plugin".to_owned() } else { name }
    }
}

fn is_archive(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    [".whl", ".tar.gz", ".zip"].iter().any(|end| name.ends_with(end))
}

fn last_part(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name in front of the version, which begins with a digit.
fn archived_name(file_name: &str) -> String {
    let words = file_name.split('-');
    let is_name = |word: &&str| !word.starts_with(|letter: char| letter.is_ascii_digit());
    words.take_while(is_name).collect::<Vec<_>>().join("-")
}

/// The name in a requirement: what stands in front of `@` or a version, or ends an address.
fn required_name(typed: &str) -> String {
    let head = typed.split(" @").next().unwrap_or(typed);
    if head.contains("://") {
        let (address, fragment) = head.split_once('#').unwrap_or((head, ""));
        let named = fragment.split('&').find_map(|pair| pair.strip_prefix("egg="));
        let last = address.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let last = last.split('@').next().unwrap_or_default().trim_end_matches(".git");
        return named.map_or_else(|| archived_name(last), str::to_owned);
    }
    let is_part = |letter: &char| letter.is_ascii_alphanumeric() || "-_.".contains(*letter);
    head.trim().chars().take_while(is_part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_tells_the_name_of_its_distribution() {
        #[track_caller]
        fn check(typed: &str, expected: &str) {
            let spec = Spec::parse(typed).unwrap();
            assert_eq!(spec, Spec::Requirement(typed.to_owned()));
            assert_eq!(spec.distribution(), expected);
        }
        check("nanobot-channel-webhook", "nanobot-channel-webhook");
        check("Nanobot_Channel.Webhook[fast]>=1.0,<2", "nanobot-channel-webhook");
        check("matrix==1.0; python_version > '3'", "matrix");
        check("matrix @ https://example.org/x.whl", "matrix");
        check("git+https://example.org/ada/nanobot-line.git@v1", "nanobot-line");
        check("git+ssh://git@example.org/ada/nanobot-line", "nanobot-line");
        check("git+https://example.org/ada/x#egg=line", "line");
        check("https://example.org/line_bot-1.0-py3-none-any.whl", "line-bot");
    }

    #[test]
    fn what_cannot_be_a_plugin_is_refused() {
        #[track_caller]
        fn check(typed: &str, expected: &str) {
            let error = Spec::parse(typed).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        check("./no-such-folder", "there is no file or folder");
        check("nanobot", "nanobot itself");
        check("nanobot_ai[telegram]>=0.1", "nanobot itself");
        check("--upgrade", "no requirement");
        check("", "no requirement");
        check("/usr", "neither a Python package nor");
    }

    #[test]
    fn paths_are_told_apart_by_what_is_there() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "[project]\nname = \"My.Channel\"\n").unwrap();
            path
        };
        let check = |path: &Path, expected: Spec, distribution: &str| {
            let spec = Spec::parse(path.to_str().unwrap()).unwrap();
            assert_eq!((spec.distribution(), spec), (distribution.to_owned(), expected));
        };
        let wheel = file("line_bot-1.0-py3-none-any.whl");
        check(&wheel, Spec::Archive(wheel.clone()), "line-bot");
        let package = file("package/pyproject.toml").parent().unwrap().to_owned();
        check(&package, Spec::Folder(package.clone()), "my-channel");
        let rust = file("rust/Cargo.toml").parent().unwrap().to_owned();
        check(&rust, Spec::Crate(rust.clone()), "rust");
    }
}
