use std::path::{Path, PathBuf};

use super::distribution::read_text;

/// The interpreter behind a shim of pyenv, which is a script that chooses a version when it runs. Any
/// other program is returned as it is.
pub(super) fn seen_through(program: PathBuf) -> PathBuf {
    behind(&program).unwrap_or(program)
}

fn behind(program: &Path) -> Option<PathBuf> {
    let shims = program.parent()?;
    if shims.file_name()? != "shims" {
        return None;
    }
    let root = shims.parent()?;
    let chosen = read_text(&root.join("version"))?;
    let mut versions = chosen.split_whitespace();
    versions.find_map(|version| {
        let program = root.join("versions").join(version).join("bin").join(program.file_name()?);
        program.is_file().then_some(program)
    })
}
