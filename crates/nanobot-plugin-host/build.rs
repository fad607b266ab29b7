//! Makes the Python distribution of this repository part of the program: a list of its files, and
//! what its project file says about it.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The distribution, as seen from this crate.
const PROJECT: &str = "../../python";

fn main() -> io::Result<()> {
    let manifest = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let project = Path::new(&manifest).join(PROJECT);
    println!("cargo::rerun-if-changed={}", project.join("nanobot").display());
    println!("cargo::rerun-if-changed={}", project.join("pyproject.toml").display());
    let mut files = Vec::new();
    collect(&project.join("nanobot"), &mut files)?;
    files.sort();
    let code = code(&project, &files)?;
    let target = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&target).join("carried.rs"), code)
}

/// All files of the package but what Python made of them.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name == "__pycache__" {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn code(project: &Path, files: &[PathBuf]) -> io::Result<String> {
    let text = fs::read_to_string(project.join("pyproject.toml"))?;
    let table: toml::Table = text.parse().map_err(io::Error::other)?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let mut list = String::new();
    for file in files {
        fs::read(file)?.hash(&mut hasher);
        let name = file.strip_prefix(project).map_err(io::Error::other)?;
        let name = name.to_string_lossy().replace('\\', "/");
        name.hash(&mut hasher);
        let path = file.display().to_string();
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),").map_err(io::Error::other)?;
    }
    Ok(format!(
        "pub(super) const VERSION: &str = {:?};\n\
         pub(super) const REQUIRES_PYTHON: &str = {:?};\n\
         pub(super) static DEPENDENCIES: &[&str] = &{:?};\n\
         pub(super) const FINGERPRINT: &str = \"{:016x}\";\n\
         pub(super) static FILES: &[(&str, &[u8])] = &[\n{list}];\n",
        word(&table, "version")?,
        word(&table, "requires-python")?,
        dependencies(&table)?,
        hasher.finish(),
    ))
}

fn word<'a>(table: &'a toml::Table, key: &str) -> io::Result<&'a str> {
    let value = table.get("project").and_then(|project| project.get(key)?.as_str());
    value.ok_or_else(|| io::Error::other(format!("{PROJECT}/pyproject.toml has no {key}")))
}

fn dependencies(table: &toml::Table) -> io::Result<Vec<&str>> {
    let list = table.get("project").and_then(|project| project.get("dependencies")?.as_array());
    let list = list.ok_or_else(|| io::Error::other("the project has no list of dependencies"))?;
    Ok(list.iter().filter_map(toml::Value::as_str).collect())
}
