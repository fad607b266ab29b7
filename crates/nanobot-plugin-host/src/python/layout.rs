//! Where interpreters look for packages, told by the folders around them.

use std::path::{Path, PathBuf};

/// Major and minor number.
pub(super) type Version = (u32, u32);

/// The interpreter of a virtual environment, or of an installation, with this root.
pub(super) fn program_in(root: &Path) -> Option<PathBuf> {
    let names: &[&str] = match cfg!(windows) {
        true => &["Scripts/python.exe", "python.exe"],
        false => &["bin/python3", "bin/python"],
    };
    names.iter().map(|name| root.join(name)).find(|program| program.is_file())
}

/// Version and package folders of a virtual environment, given the text of its `pyvenv.cfg`.
pub(super) fn of_environment(
    root: &Path,
    config: &str,
    home: Option<&Path>,
) -> (Option<Version>, Vec<PathBuf>) {
    let value = |key| value(config, key);
    let version = ["version_info", "version"].iter().find_map(|key| version_in(value(key)?));
    let mut sites = libraries(root, version, "site-packages");
    let version = version.or_else(|| version_of(sites.first()?));
    let sees_base = value("include-system-site-packages")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if let Some(base) = value("home").filter(|_| sees_base) {
        let program = Path::new(base).join(version.map_or("python3".to_owned(), file_name));
        sites.extend(of_installation(&program, home).1);
    }
    (version, sites)
}

/// The installation that a virtual environment was made from, given the text of its `pyvenv.cfg`.
pub(super) fn base_of(config: &str) -> Option<PathBuf> {
    Path::new(value(config, "home")?).parent().map(Path::to_owned)
}

fn value<'a>(config: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = config.lines().filter_map(|line| line.split_once('='));
    pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(key)).map(|(_, value)| value.trim())
}

/// Version and package folders of an interpreter that is no virtual environment. What people install
/// for themselves comes first, as in Python.
pub(super) fn of_installation(
    program: &Path,
    home: Option<&Path>,
) -> (Option<Version>, Vec<PathBuf>) {
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    let prefix = real.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    let version = name.strip_prefix("python").and_then(version_in).or_else(|| only_version(prefix));
    let mut sites = Vec::new();
    if let (Some(home), Some(version)) = (home, version) {
        let word = dotted(version);
        sites.push(home.join(format!(".local/lib/python{word}/site-packages")));
        if cfg!(target_os = "macos") {
            sites.push(home.join(format!("Library/Python/{word}/lib/python/site-packages")));
        }
    }
    // Debian keeps what belongs to the system apart from what was installed beside it.
    let shared = prefix.join("lib/python3/dist-packages");
    if shared.is_dir() {
        sites.extend(libraries(&prefix.join("local"), version, "dist-packages"));
        sites.push(shared);
        sites.extend(libraries(prefix, version, "dist-packages"));
    } else {
        sites.extend(libraries(&prefix.join("local"), version, "site-packages"));
    }
    sites.extend(libraries(prefix, version, "site-packages"));
    (version, sites)
}

/// The existing package folders below a prefix.
fn libraries(prefix: &Path, version: Option<Version>, folder: &str) -> Vec<PathBuf> {
    if cfg!(windows) {
        return vec![prefix.join("Lib").join(folder)];
    }
    let mut found = Vec::new();
    for lib in ["lib", "lib64"].map(|lib| prefix.join(lib)) {
        let names = match version {
            Some(version) => vec![file_name(version)],
            None => versions(&lib).into_iter().map(file_name).collect(),
        };
        found.extend(names.iter().map(|name| lib.join(name).join(folder)));
    }
    found.retain(|path| path.is_dir());
    found
}

/// The version of the one Python that has a library here.
fn only_version(prefix: &Path) -> Option<Version> {
    match versions(&prefix.join("lib"))[..] {
        [version] => Some(version),
        _ => None,
    }
}

fn versions(lib: &Path) -> Vec<Version> {
    let entries = std::fs::read_dir(lib).into_iter().flatten().flatten();
    let mut versions: Vec<_> = entries
        .filter_map(|entry| version_in(entry.file_name().to_str()?.strip_prefix("python")?))
        .collect();
    // The newest first: with several, it is what `python3` means most often.
    versions.sort_unstable_by(|left, right| right.cmp(left));
    versions
}

/// The version in the name of the folder above the packages.
fn version_of(site: &Path) -> Option<Version> {
    version_in(site.parent()?.file_name()?.to_str()?.strip_prefix("python")?)
}

fn version_in(text: &str) -> Option<Version> {
    let (major, rest) = text.trim().split_once('.')?;
    let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    Some((major.parse().ok()?, rest[..digits].parse().ok()?))
}

fn file_name(version: Version) -> String {
    format!("python{}", dotted(version))
}

/// A version in its usual spelling.
pub(super) fn dotted((major, minor): Version) -> String {
    format!("{major}.{minor}")
}
