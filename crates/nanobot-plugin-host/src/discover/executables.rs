use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{DiscoveredPlugin, Source, folders_of};
use crate::PluginCommand;
use crate::plugins_dir::PluginsDir;

const PREFIX: &str = "nanobot-channel-";

/// The plugins that are programs of their own: those that were installed, then those on the path.
pub(super) fn find(plugins_dir: &PluginsDir, path: Option<&OsStr>) -> Vec<DiscoveredPlugin> {
    folders(plugins_dir, path).iter().flat_map(|folder| in_folder(folder)).collect()
}

/// The name of the channel that a program with this file name provides.
pub(crate) fn channel_name(file_name: &OsStr) -> Option<String> {
    let name = file_name.to_str()?.strip_prefix(PREFIX)?;
    let name = match cfg!(windows) {
        true => name.strip_suffix(".exe")?,
        false => name,
    };
    is_channel_name(name).then(|| name.to_owned())
}

/// Whether a plugin's program can provide a channel of this name: small letters, digits, `-` and
/// `_`, the first of them a letter or a digit.
#[must_use]
pub fn is_channel_name(name: &str) -> bool {
    let is_plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let mut letters = name.bytes();
    letters.next().is_some_and(is_plain)
        && letters.all(|letter| is_plain(letter) || matches!(letter, b'_' | b'-'))
}

#[cfg(unix)]
pub(crate) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
pub(crate) fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// The folders to look into, each once: `/bin` is often a link to `/usr/bin`.
fn folders(plugins_dir: &PluginsDir, path: Option<&OsStr>) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    std::iter::once(plugins_dir.bin())
        .chain(folders_of(path))
        .filter(|folder| {
            let canonical = folder.canonicalize();
            canonical.is_ok_and(|canonical| seen.insert(canonical))
        })
        .collect()
}

/// The plugins in one folder, in the order of their names.
pub(crate) fn in_folder(folder: &Path) -> Vec<DiscoveredPlugin> {
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
    plugins.into_iter().map(|(name, path)| plugin(&name, path)).collect()
}

/// The plugin that is this program.
pub(crate) fn plugin(name: &str, path: PathBuf) -> DiscoveredPlugin {
    let command = PluginCommand::executable(name, &path);
    DiscoveredPlugin::new(Source::Executable { path }, command)
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "helpers of tests may panic, too")]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::{Places, Shadow, discover};

    fn executable(folder: &Path, name: &str, mode: u32) -> PathBuf {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    fn source(path: &Path) -> Source {
        Source::Executable { path: path.to_owned() }
    }

    fn places(data_dir: &Path, path: &[&Path]) -> Places {
        let path = Some(std::env::join_paths(path).unwrap());
        Places { data_dir: data_dir.to_owned(), path, ..Places::default() }
    }

    #[test]
    fn the_first_to_claim_a_name_keeps_it_and_built_in_names_are_reserved() {
        let root = tempfile::tempdir().unwrap();
        let (own, first, second) = (
            root.path().join("plugins/bin"),
            root.path().join("first"),
            root.path().join("second"),
        );
        let installed = executable(&own, "nanobot-channel-matrix", 0o755);
        let webhook = executable(&first, "nanobot-channel-webhook", 0o755);
        let shadowed = executable(&second, "nanobot-channel-webhook", 0o755);
        let older = executable(&second, "nanobot-channel-matrix", 0o755);
        let web = executable(&second, "nanobot-channel-web", 0o755);

        let places = places(root.path(), &[&first, &first, &second]);
        let found = discover(&places, &["web"]).plugins;
        let expected = [
            ("matrix", &installed, None),
            ("webhook", &webhook, None),
            ("matrix", &older, Some(Shadow::Plugin(source(&installed)))),
            ("web", &web, Some(Shadow::BuiltIn)),
            ("webhook", &shadowed, Some(Shadow::Plugin(source(&webhook)))),
        ]
        .map(|(name, path, shadowed_by)| {
            let plugin = plugin(name, path.clone());
            DiscoveredPlugin { shadowed_by, ..plugin }
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_plugin_or_cannot_be_read_is_skipped() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("bin");
        executable(&folder, "nanobot-channel-", 0o755);
        executable(&folder, "nanobot-channel-Loud", 0o755);
        executable(&folder, "nanobot-channel--dash", 0o755);
        executable(&folder, "nanobot-channel-a.b", 0o755);
        executable(&folder, "nanobot-channel-text", 0o644);
        executable(&folder, "nanobot", 0o755);
        std::fs::create_dir(folder.join("nanobot-channel-folder")).unwrap();
        symlink("/nowhere", folder.join("nanobot-channel-broken")).unwrap();
        let real = executable(root.path(), "real", 0o755);
        symlink(&real, folder.join("nanobot-channel-a1_b-c")).unwrap();

        let places = places(root.path(), &[Path::new("/missing"), Path::new("bin"), &folder]);
        let found = discover(&places, &[]).plugins;
        let names: Vec<&str> = found.iter().map(|plugin| plugin.name.as_str()).collect();
        assert_eq!(names, ["a1_b-c"]);
    }
}
