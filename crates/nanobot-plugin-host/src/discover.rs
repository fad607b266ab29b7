use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::PluginCommand;

const PREFIX: &str = "nanobot-channel-";

/// A plugin that was found; it was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredPlugin {
    /// Name of the channel, which is also its key in the config.
    pub name: String,
    /// Where it is.
    pub source: Source,
    /// What has the name already. A shadowed plugin is not used.
    pub shadowed_by: Option<Shadow>,
}

/// Where a plugin is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// A program of its own.
    Executable {
        /// The program, absolute.
        path: PathBuf,
    },
}

/// What keeps a plugin from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shadow {
    /// A channel that is part of nanobot.
    BuiltIn,
    /// A plugin that was found earlier.
    Plugin(Source),
}

impl DiscoveredPlugin {
    /// How to start it.
    #[must_use]
    pub fn command(&self) -> PluginCommand {
        match &self.source {
            Source::Executable { path } => PluginCommand::executable(&self.name, path),
        }
    }
}

/// Finds the executables `nanobot-channel-<name>` in `<data_dir>/plugins/bin`, then in the folders
/// of `path`, which is written like `PATH`. Starts none of them.
///
/// The first to claim a name keeps it; the names of `built_in` are claimed before. Within a folder
/// the order is that of the names.
#[must_use]
pub fn discover(data_dir: &Path, path: Option<&OsStr>, built_in: &[&str]) -> Vec<DiscoveredPlugin> {
    let mut found: Vec<DiscoveredPlugin> = Vec::new();
    for (name, path) in folders(data_dir, path).iter().flat_map(|dir| plugins(dir)) {
        let shadowed_by = shadow(&name, &found, built_in);
        found.push(DiscoveredPlugin { name, source: Source::Executable { path }, shadowed_by });
    }
    found
}

/// The folders to look into, each once: `/bin` is often a link to `/usr/bin`. Relative ones are left
/// out, what they mean depends on where nanobot was started.
fn folders(data_dir: &Path, path: Option<&OsStr>) -> Vec<PathBuf> {
    let own = data_dir.join("plugins").join("bin");
    let on_path = path.into_iter().flat_map(std::env::split_paths);
    let mut seen = HashSet::new();
    std::iter::once(std::path::absolute(&own).unwrap_or(own))
        .chain(on_path.filter(|folder| folder.is_absolute()))
        .filter(|folder| {
            let canonical = folder.canonicalize();
            canonical.is_ok_and(|canonical| seen.insert(canonical))
        })
        .collect()
}

fn plugins(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut plugins: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let name = channel_name(&entry.file_name())?;
            let path = entry.path();
            is_executable(&path).then_some((name, path))
        })
        .collect();
    plugins.sort();
    plugins
}

fn channel_name(file_name: &OsStr) -> Option<String> {
    let name = file_name.to_str()?.strip_prefix(PREFIX)?;
    let name = match cfg!(windows) {
        true => name.strip_suffix(".exe")?,
        false => name,
    };
    let is_plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let mut letters = name.bytes();
    let is_valid = letters.next().is_some_and(is_plain)
        && letters.all(|letter| is_plain(letter) || matches!(letter, b'_' | b'-'));
    is_valid.then(|| name.to_owned())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

fn shadow(name: &str, found: &[DiscoveredPlugin], built_in: &[&str]) -> Option<Shadow> {
    if built_in.contains(&name) {
        return Some(Shadow::BuiltIn);
    }
    let first = found.iter().find(|earlier| earlier.name == name)?;
    Some(Shadow::Plugin(first.source.clone()))
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "helpers of tests may panic, too")]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn plugin(folder: &Path, name: &str, mode: u32) -> PathBuf {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    fn source(path: &Path) -> Source {
        Source::Executable { path: path.to_owned() }
    }

    #[test]
    fn the_first_to_claim_a_name_keeps_it_and_built_in_names_are_reserved() {
        let root = tempfile::tempdir().unwrap();
        let (own, first, second) = (
            root.path().join("plugins/bin"),
            root.path().join("first"),
            root.path().join("second"),
        );
        let installed = plugin(&own, "nanobot-channel-matrix", 0o755);
        let webhook = plugin(&first, "nanobot-channel-webhook", 0o755);
        let shadowed = plugin(&second, "nanobot-channel-webhook", 0o755);
        let older = plugin(&second, "nanobot-channel-matrix", 0o755);
        let web = plugin(&second, "nanobot-channel-web", 0o755);
        let path = std::env::join_paths([&first, &first, &second]).unwrap();

        let found = discover(root.path(), Some(&path), &["web"]);
        let expected = [
            ("matrix", &installed, None),
            ("webhook", &webhook, None),
            ("matrix", &older, Some(Shadow::Plugin(source(&installed)))),
            ("web", &web, Some(Shadow::BuiltIn)),
            ("webhook", &shadowed, Some(Shadow::Plugin(source(&webhook)))),
        ]
        .map(|(name, path, shadowed_by)| DiscoveredPlugin {
            name: name.to_owned(),
            source: source(path),
            shadowed_by,
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_plugin_or_cannot_be_read_is_skipped() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("bin");
        plugin(&folder, "nanobot-channel-", 0o755);
        plugin(&folder, "nanobot-channel-Loud", 0o755);
        plugin(&folder, "nanobot-channel--dash", 0o755);
        plugin(&folder, "nanobot-channel-a.b", 0o755);
        plugin(&folder, "nanobot-channel-text", 0o644);
        plugin(&folder, "nanobot", 0o755);
        std::fs::create_dir(folder.join("nanobot-channel-folder")).unwrap();
        symlink("/nowhere", folder.join("nanobot-channel-broken")).unwrap();
        let real = plugin(root.path(), "real", 0o755);
        symlink(&real, folder.join("nanobot-channel-a1_b-c")).unwrap();
        let path =
            std::env::join_paths([Path::new("/missing"), Path::new("bin"), &folder]).unwrap();

        let found = discover(root.path(), Some(&path), &[]);
        let names: Vec<&str> = found.iter().map(|plugin| plugin.name.as_str()).collect();
        assert_eq!(names, ["a1_b-c"]);
    }
}
