use std::path::{Path, PathBuf};

use super::distribution::Distribution;
use super::entry_points::EntryPoint;
use super::interpreter::Interpreter;
use super::supply::editable_root;

/// More than a channel package has; a change in what is left out is noticed with the next install.
const MAX_FILES: usize = 256;
const MAX_DEPTH: usize = 8;

/// The source files of a package that somebody works on: they change without its metadata. None for
/// a package that was installed whole.
pub(super) fn sources(
    interpreter: &Interpreter,
    distribution: &Distribution,
    entry_point: &EntryPoint,
) -> Vec<PathBuf> {
    let Some(top) = entry_point.module().split('.').next().filter(|top| !top.is_empty()) else {
        return Vec::new();
    };
    let added = interpreter.folders.iter().filter(|folder| !folder.is_site);
    let mut roots: Vec<PathBuf> = added.map(|folder| folder.path.clone()).collect();
    if let Some(root) = editable_root(&distribution.metadata) {
        roots.extend([root.join("src"), root]);
    }
    let mut files = Vec::new();
    for root in roots {
        collect(&root.join(top), MAX_DEPTH, &mut files);
        let module = root.join(format!("{top}.py"));
        files.extend(module.is_file().then_some(module));
    }
    files
}

/// Links to folders are not followed: they may lead in a circle.
fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries.map(|entry| (entry.path(), entry.file_type())).collect();
    entries.sort_by(|left, right| left.0.cmp(&right.0));
    for (path, kind) in entries {
        if files.len() >= MAX_FILES {
            return;
        }
        if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        } else if depth > 0 && kind.is_ok_and(|kind| kind.is_dir()) {
            collect(&path, depth - 1, files);
        }
    }
}
