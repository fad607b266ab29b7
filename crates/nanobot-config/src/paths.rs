use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Where things live. All data lie beside the configuration file, so a second file is a second instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file; absolute.
    pub config_file: PathBuf,
    /// Folder of the configuration file; absolute.
    pub data_dir: PathBuf,
}

impl Paths {
    /// Takes a configuration file; a relative path is below the current folder.
    #[must_use]
    pub fn for_config(config_file: impl Into<PathBuf>) -> Paths {
        let typed = config_file.into();
        // Fails only for an empty path or without a current folder; the typed path then says most.
        let config_file = std::path::absolute(&typed).unwrap_or(typed);
        let data_dir = config_file.parent().map_or_else(PathBuf::new, Path::to_owned);
        Paths { config_file, data_dir }
    }

    /// Returns the usual places: `<home>/.nanobot/config.json` and its folder.
    #[must_use]
    pub fn default_for_home(home: &Path) -> Paths {
        Paths::for_config(home.join(".nanobot").join("config.json"))
    }

    /// Returns the folder for files that a channel received.
    #[must_use]
    pub fn media_dir(&self, channel: &str) -> PathBuf {
        self.data_dir.join("media").join(file_name_for(channel))
    }

    /// Returns a channel's private folder, kept across restarts.
    #[must_use]
    pub fn channel_state_dir(&self, channel: &str) -> PathBuf {
        self.data_dir.join("channels").join(file_name_for(channel))
    }

    /// Returns the folder of installed plugins.
    #[must_use]
    pub fn plugins_dir(&self) -> PathBuf {
        self.data_dir.join("plugins")
    }

    /// Returns the folder for what can be computed again.
    #[must_use]
    pub fn cache_dir(&self) -> PathBuf {
        self.data_dir.join("cache")
    }

    /// Returns the socket over which commands reach the running gateway. Its folder is for its owner alone,
    /// whatever the data folder is.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.data_dir.join("run").join("gateway.sock")
    }

    /// Returns the file whose lock says that a gateway is running.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.data_dir.join("gateway.lock")
    }

    /// Returns the durable store of messages and sessions.
    #[must_use]
    pub fn ledger_file(&self) -> PathBuf {
        self.data_dir.join("ledger.sqlite")
    }
}

/// Turns a channel's name, which is whatever was typed as a key, into the name of one file.
///
/// Different names give different files, and none leads out of the folder: what could is percent-encoded.
fn file_name_for(channel: &str) -> String {
    let mut name = String::with_capacity(channel.len());
    for (index, character) in channel.chars().enumerate() {
        let is_special =
            matches!(character, '/' | '\\' | '%' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        if is_special || character.is_control() || (index == 0 && character == '.') {
            write!(name, "%{:02X}", u32::from(character)).expect("writing to a string cannot fail");
        } else {
            name.push(character);
        }
    }
    if name.is_empty() {
        // `%` alone cannot be the encoding of anything else.
        name.push('%');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_beside_the_configuration_file() {
        let paths = Paths::default_for_home(Path::new("/home/ada"));
        assert_eq!(paths, Paths::for_config("/home/ada/.nanobot/config.json"));
        for (path, expected) in [
            (paths.media_dir("my-bot"), "media/my-bot"),
            (paths.channel_state_dir("telegram"), "channels/telegram"),
            (paths.plugins_dir(), "plugins"),
            (paths.cache_dir(), "cache"),
            (paths.control_socket(), "run/gateway.sock"),
            (paths.lock_file(), "gateway.lock"),
            (paths.ledger_file(), "ledger.sqlite"),
        ] {
            assert_eq!(path, Path::new("/home/ada/.nanobot").join(expected));
        }
    }

    #[test]
    fn relative_configuration_file_becomes_absolute() {
        let paths = Paths::for_config("elsewhere/config.json");
        assert!(paths.config_file.is_absolute());
        assert!(paths.data_dir.ends_with("elsewhere"));
    }

    #[test]
    fn no_channel_name_leads_out_of_its_folder() {
        for (name, expected) in [
            ("..", "%2E."),
            ("../../etc", "%2E.%2F..%2Fetc"),
            ("/etc", "%2Fetc"),
            ("", "%"),
            ("%2Fetc", "%252Fetc"),
            ("nul\0", "nul%00"),
            ("v1.2", "v1.2"),
            ("カメラ", "カメラ"),
        ] {
            assert_eq!(file_name_for(name), expected, "{name:?}");
        }
    }
}
