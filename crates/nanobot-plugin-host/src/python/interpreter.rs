use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::distribution::{Listing, read_text};
use super::layout::{self, Version};
use super::shim;

/// An interpreter with the folders in which it looks for packages.
#[derive(Debug, Clone)]
pub(crate) struct Interpreter {
    /// The program, absolute. Not resolved: the place of the link makes the environment.
    pub(crate) program: PathBuf,
    /// The folder of the virtual environment, if it is one.
    pub(super) environment: Option<PathBuf>,
    /// `None` if the folders do not tell.
    /// The installation that the environment was made from, if it is one.
    base: Option<PathBuf>,
    pub(super) version: Option<Version>,
    pub(super) keeper: Keeper,
    pub(super) folders: Vec<Folder>,
}

/// A folder in which packages are looked for.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// Metadata folders of the distributions in it.
    pub(super) metadata: Vec<PathBuf>,
    /// False for a folder that a `.pth` file added, as for packages that are being worked on.
    pub(super) is_site: bool,
}

/// Who looks after an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// We do: it is for one plugin.
    Nanobot,
    /// A person.
    User,
}

impl Interpreter {
    /// The interpreter at a path, or of the virtual environment in that folder.
    pub(crate) fn at(path: &Path, home: Option<&Path>, keeper: Keeper) -> Option<Self> {
        let program = if path.is_dir() { layout::program_in(path)? } else { path.to_owned() };
        if !program.is_file() {
            return None;
        }
        let program = shim::seen_through(program);
        let config = config_of(&program);
        let (version, sites) = match &config {
            Some((root, text)) => layout::of_environment(root, text, home),
            None => layout::of_installation(&program, home),
        };
        let folders = with_added(sites);
        let base = config.as_ref().and_then(|(_, text)| layout::base_of(text));
        let environment = config.map(|it| it.0);
        Some(Self { program, environment, base, version, keeper, folders })
    }

    /// The folders that it reads when it runs a package.
    pub(super) fn needs(&self) -> Vec<PathBuf> {
        let base = self.base.iter().flat_map(|base| ["bin", "lib"].map(|name| base.join(name)));
        let packages = self.folders.iter().map(|folder| folder.path.clone());
        self.environment.iter().cloned().chain(base).chain(packages).collect()
    }
}

/// The folder and the text of the `pyvenv.cfg` that makes an interpreter a virtual environment.
fn config_of(program: &Path) -> Option<(PathBuf, String)> {
    let bin = program.parent()?;
    [Some(bin), bin.parent()]
        .into_iter()
        .flatten()
        .find_map(|root| Some((root.to_owned(), read_text(&root.join("pyvenv.cfg"))?)))
}

/// The folders, each followed by those that its `.pth` files add; each once.
fn with_added(sites: Vec<PathBuf>) -> Vec<Folder> {
    let mut seen = HashSet::new();
    let mut folders = Vec::new();
    for site in sites {
        let Some(added) = folder(site, true, &mut seen, &mut folders) else {
            continue;
        };
        for path in added {
            folder(path, false, &mut seen, &mut folders);
        }
    }
    folders
}

/// Adds a folder; returns what its `.pth` files name, or `None` if it was seen before.
fn folder(
    path: PathBuf,
    is_site: bool,
    seen: &mut HashSet<PathBuf>,
    folders: &mut Vec<Folder>,
) -> Option<Vec<PathBuf>> {
    if !seen.insert(path.canonicalize().ok()?) {
        return None;
    }
    let Listing { metadata, path_files } = Listing::of(&path);
    let added = path_files.iter().flat_map(|file| named_in(file, &path)).collect();
    folders.push(Folder { path, metadata, is_site });
    Some(added)
}

/// The folders that a `.pth` file names. Its lines of code are for Python alone.
fn named_in(file: &Path, site: &Path) -> Vec<PathBuf> {
    let text = read_text(file).unwrap_or_default();
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_end);
    let is_path = |line: &&str| {
        !line.trim().is_empty()
            && !line.starts_with('#')
            && !line.starts_with("import ")
            && !line.starts_with("import\t")
    };
    lines.filter(is_path).map(|line| site.join(line)).filter(|path| path.is_dir()).collect()
}
