use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use nanobot_protocol::{ENV_PLUGIN, ENV_PROTOCOL_VERSIONS, PROTOCOL_VERSIONS};

/// Variables that a plugin inherits. All others stay with the host: they may hold the secrets of
/// other channels and of the model provider.
const INHERITED: &[&str] = &[
    "PATH",
    "HOME",
    "LANG",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
];

/// Where programs look for the folder for temporary files.
#[cfg(windows)]
const TEMPORARY: &[&str] = &["TEMP", "TMP"];
#[cfg(not(windows))]
const TEMPORARY: &[&str] = &["TMPDIR"];

/// What a Windows process needs to start and to find its user's folders.
#[cfg(windows)]
const INHERITED_BY_PLATFORM: &[&str] = &[
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "USERPROFILE",
];
#[cfg(not(windows))]
const INHERITED_BY_PLATFORM: &[&str] = &[];

/// The whole environment of a plugin: the inherited part of `own` with a temporary folder of its own,
/// then the user's, then ours.
pub(crate) fn environment(
    own: impl IntoIterator<Item = (OsString, OsString)>,
    user: &BTreeMap<String, String>,
    temporary: &Path,
) -> BTreeMap<OsString, OsString> {
    let mut all: BTreeMap<OsString, OsString> =
        own.into_iter().filter(|(name, _)| is_inherited(name)).collect();
    all.extend(TEMPORARY.iter().map(|name| (name.into(), temporary.into())));
    all.extend(user.iter().map(|(name, value)| (name.into(), value.into())));
    all.insert(ENV_PLUGIN.into(), "1".into());
    all.insert(ENV_PROTOCOL_VERSIONS.into(), versions().into());
    all
}

/// Gives the plugin a home of its own, for what cannot be reached in the user's. What a user installed
/// for Python alone stays where it is.
pub(crate) fn move_home(all: &mut BTreeMap<OsString, OsString>, home: &Path) {
    let Some(users) = all.insert("HOME".into(), home.into()) else { return };
    let packages = Path::new(&users).join(".local");
    all.entry("PYTHONUSERBASE".into()).or_insert_with(|| packages.into());
}

/// The folders in which programs are looked for, with this one before all others. `None` if the
/// outcome is not Unicode.
pub(crate) fn path_after(first: &Path) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let rest = std::env::split_paths(&path).filter(|folder| !folder.as_os_str().is_empty());
    let folders = std::iter::once(first.to_owned()).chain(rest);
    std::env::join_paths(folders).ok()?.into_string().ok()
}

fn is_inherited(name: &OsStr) -> bool {
    // Proxy variables are written in both cases, and Windows does not tell the cases apart.
    let Some(name) = name.to_str().map(str::to_ascii_uppercase) else {
        return false;
    };
    INHERITED.contains(&name.as_str())
        || INHERITED_BY_PLATFORM.contains(&name.as_str())
        || name.starts_with("LC_")
}

fn versions() -> String {
    let versions: Vec<String> = PROTOCOL_VERSIONS.iter().map(u32::to_string).collect();
    versions.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_home_leaves_the_packages_of_the_user_where_they_are() {
        let text = |(name, value): (&str, &str)| (OsString::from(name), OsString::from(value));
        let mut all = BTreeMap::from([("HOME", "/home/ada"), ("TZ", "UTC")].map(text));
        move_home(&mut all, Path::new("/state"));
        let moved = [("HOME", "/state"), ("PYTHONUSERBASE", "/home/ada/.local"), ("TZ", "UTC")];
        assert_eq!(all, moved.map(text).into());
    }

    #[test]
    #[cfg(not(windows))]
    fn only_listed_variables_are_inherited_and_the_users_win() {
        let own = [
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("https_proxy", "http://proxy"),
            ("OPENAI_API_KEY", "secret"),
            ("NANOBOT_PLUGIN", "0"),
            ("LD_PRELOAD", "evil.so"),
            ("TZ", "UTC"),
            ("TMPDIR", "/tmp"),
        ]
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let user = [("TZ", "Europe/Berlin"), ("MODE", "fast")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let all = environment(own, &user.into(), Path::new("/tmp/own"));
        let expected = [
            ("LC_ALL", "C"),
            ("MODE", "fast"),
            ("NANOBOT_PLUGIN", "1"),
            ("NANOBOT_PROTOCOL_VERSIONS", "1"),
            ("PATH", "/bin"),
            ("TMPDIR", "/tmp/own"),
            ("TZ", "Europe/Berlin"),
            ("https_proxy", "http://proxy"),
        ]
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        assert_eq!(all, expected.into());
    }
}
