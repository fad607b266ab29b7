use std::path::{Path, PathBuf};

use super::distribution::read_text;
use super::interpreter::{Interpreter, Keeper};
use super::layout;
use crate::command::Obstacle;
use crate::plugins_dir::PluginsDir;

/// The oldest Python that channel packages run with.
const OLDEST: layout::Version = (3, 11);
/// What our distribution needs to have beside it.
const NEEDED: [&str; 2] = ["loguru", "pydantic"];

/// Where the module comes from that runs channel packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Supply {
    /// It is installed; here is a file that changes with it.
    Installed(PathBuf),
    /// We bring it, in this folder.
    Carried(PathBuf),
}

/// Finds the module for an interpreter.
///
/// In an environment of ours the one we bring is used, so that an update of nanobot updates it
/// everywhere. Elsewhere it is used where ours is not installed but all it needs is, as beside the
/// Python program of the same name.
pub(super) fn supply(
    interpreter: &Interpreter,
    plugins_dir: &PluginsDir,
    distribution: &str,
) -> Result<Supply, Obstacle> {
    if let Some(version) = interpreter.version.filter(|version| *version < OLDEST) {
        return Err(too_old(version, distribution));
    }
    let installed = installed(interpreter);
    if installed.is_some() && interpreter.keeper == Keeper::User {
        return installed.map(Supply::Installed).ok_or_else(|| missing(interpreter, distribution));
    }
    let can_carry = NEEDED.iter().all(|module| has_module(interpreter, module));
    let carried = can_carry.then(|| plugins_dir.carried().sources());
    match (carried, installed) {
        (Some(Ok(folder)), _) => Ok(Supply::Carried(folder)),
        (_, Some(file)) => Ok(Supply::Installed(file)),
        (Some(Err(error)), None) => Err(not_unpacked(&error)),
        (None, None) => Err(missing(interpreter, distribution)),
    }
}

/// The file that shows that our distribution, and no other program of that name, is what
/// `import nanobot` finds.
fn installed(interpreter: &Interpreter) -> Option<PathBuf> {
    let module = Path::new("nanobot/__init__.py");
    let first = interpreter.folders.iter().find(|folder| folder.path.join(module).is_file());
    let root = match first {
        Some(folder) => folder.path.clone(),
        None => worked_on(interpreter)?,
    };
    let is_ours = root.join("nanobot/host/__main__.py").is_file();
    is_ours.then(|| root.join(module))
}

/// The folder in which somebody works on our distribution.
fn worked_on(interpreter: &Interpreter) -> Option<PathBuf> {
    let metadata = interpreter.folders.iter().flat_map(|folder| &folder.metadata);
    let is_ours = |path: &&PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("nanobot-"))
    };
    metadata.filter(is_ours).find_map(|metadata| editable_root(metadata))
}

/// Where the sources of an editable installation are.
pub(super) fn editable_root(metadata: &Path) -> Option<PathBuf> {
    let text = read_text(&metadata.join("direct_url.json"))?;
    let origin: serde_json::Value = serde_json::from_str(&text).ok()?;
    if origin.pointer("/dir_info/editable")? != true {
        return None;
    }
    let path = origin.get("url")?.as_str()?.strip_prefix("file://")?;
    Some(PathBuf::from(percent_decoded(path)))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn has_module(interpreter: &Interpreter, name: &str) -> bool {
    let file = Path::new(name).join("__init__.py");
    interpreter.folders.iter().any(|folder| folder.path.join(&file).is_file())
}

fn too_old(version: layout::Version, distribution: &str) -> Obstacle {
    let (found, needed) = (layout::dotted(version), layout::dotted(OLDEST));
    Obstacle {
        reason: format!("it is installed for Python {found}; channel packages need {needed}"),
        hint: install_hint(distribution),
    }
}

fn missing(interpreter: &Interpreter, distribution: &str) -> Obstacle {
    let program = interpreter.program.display();
    Obstacle {
        reason: format!("the environment of {program} does not have our distribution nanobot"),
        hint: install_hint(distribution),
    }
}

fn install_hint(distribution: &str) -> String {
    format!(
        "run `nanobot plugins install {distribution}`, or the same with the package's folder, to \
         give it an environment of its own"
    )
}

fn not_unpacked(error: &std::io::Error) -> Obstacle {
    Obstacle {
        reason: format!("what runs Python packages cannot be unpacked: {error}"),
        hint: "check that there is room in the data folder, and that it can be written".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_codes_of_addresses_are_decoded() {
        assert_eq!(percent_decoded("/home/a%20b/%C3%BC%zz%4"), "/home/a b/ü%zz%4");
    }
}
