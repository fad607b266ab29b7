use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::InstallError;

/// The module in which setuptools has no backend, although a well-known guide says so.
const IMPOSSIBLE_BACKEND: &str = "setuptools.backends";
const USUAL_BACKEND: &str = "setuptools.build_meta";

/// The project file of a Python package.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) path: PathBuf,
    table: Table,
}

impl Project {
    /// Reads the `pyproject.toml` of a folder, if there is one.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, InstallError> {
        let path = folder.join("pyproject.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let action = format!("cannot read {}", path.display());
                return Err(InstallError::files(action)(error));
            }
        };
        match text.parse() {
            Ok(table) => Ok(Some(Self { path, table })),
            Err(error) => Err(InstallError::Project { path, reason: error.to_string() }),
        }
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.field("name")?.as_str()
    }

    /// Something that the section `project` says.
    pub(super) fn field(&self, key: &str) -> Option<&Value> {
        self.table.get("project")?.get(key)
    }

    /// The backend that the file names, if there is none such.
    pub(super) fn impossible_backend(&self) -> Option<&str> {
        let backend = self.table.get("build-system")?.get("build-backend")?.as_str()?;
        backend.starts_with(IMPOSSIBLE_BACKEND).then_some(backend)
    }

    /// The file with a backend that exists.
    pub(super) fn mended(&self) -> String {
        let mut table = self.table.clone();
        if let Some(Value::Table(build)) = table.get_mut("build-system") {
            build.insert("build-backend".to_owned(), Value::String(USUAL_BACKEND.to_owned()));
        }
        table.to_string()
    }

    /// What a person should know about the backend, and can do.
    pub(super) fn backend_note(&self) -> Option<(String, String)> {
        let backend = self.impossible_backend()?;
        let path = self.path.display();
        Some((
            format!("{path} names the build backend {backend:?}, which setuptools does not have"),
            format!(
                "it is installed as if it named {USUAL_BACKEND:?}; write that, so that pip can \
                 install it, too"
            ),
        ))
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> InstallError {
        InstallError::Project { path: self.path.clone(), reason: reason.into() }
    }
}

/// Copies a package to where its project file can be changed, without what builds and tools left.
pub(super) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if is_left_out(&name.to_string_lossy()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&path, &to.join(name))?;
        } else if path.is_file() {
            // A link to a folder may lead in a circle, a link to a file may not.
            std::fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

fn is_left_out(name: &str) -> bool {
    let tools = ["__pycache__", "node_modules", "venv", "build", "dist"];
    (name.starts_with('.') && name != ".gitignore")
        || tools.contains(&name)
        || name.ends_with(".egg-info")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_impossible_backend_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let project = |backend: &str| {
            let text = format!(
                "[project]\nname = \"a\"\n[build-system]\nrequires = [\"setuptools\"]\n\
                 build-backend = \"{backend}\"\n"
            );
            std::fs::write(folder.path().join("pyproject.toml"), text).unwrap();
            Project::read(folder.path()).unwrap().unwrap()
        };
        let impossible = project("setuptools.backends._legacy:_Backend");
        assert!(impossible.backend_note().is_some());
        assert!(impossible.mended().contains("build-backend = \"setuptools.build_meta\""));
        assert!(impossible.mended().contains("requires = [\"setuptools\"]"));
        for usual in ["setuptools.build_meta", "hatchling.build"] {
            assert_eq!(project(usual).backend_note(), None);
        }
    }
}
