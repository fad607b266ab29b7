use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use nanobot_channel::{ChannelError, Description};
use serde::{Deserialize, Serialize};

use crate::{PluginCommand, Timeouts, describe};

const FILE_NAME: &str = "plugins.json";

/// How long a failure is believed, in milliseconds. What is missing may be installed beside the
/// plugin, and none of the plugin's own files tells that.
const FAILURE_MS: u64 = 5 * 60 * 1000;

/// What plugins said of themselves, kept in a file, so that listing them starts none.
///
/// An entry is good as long as the plugin's files have the same size and time of change. A failure
/// is kept for five minutes beside that, for listings. A file that cannot be read counts as empty, and
/// one that cannot be written costs only time.
#[derive(Debug)]
pub struct DescriptionCache {
    file: PathBuf,
    /// Held while the file is read, changed and replaced. Another process may do the same at that
    /// time; then an entry is lost, and made again when it is missed.
    changing: Mutex<()>,
}

type Entries = BTreeMap<String, Entry>;

#[derive(Serialize, Deserialize)]
struct Entry {
    files: Vec<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<Description>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

/// Why a plugin did not say what it is.
#[derive(Clone, Serialize, Deserialize)]
struct Failure {
    report: String,
    hint: Option<String>,
    /// When it was asked, in milliseconds since 1970.
    asked_ms: u64,
}

impl Failure {
    fn new(error: &ChannelError) -> Self {
        Self {
            report: error.report(),
            hint: error.hint().map(ToOwned::to_owned),
            asked_ms: now_ms(),
        }
    }

    /// The failure as an error again, unless it is too old.
    fn recent(self) -> Option<ChannelError> {
        // A clock that was set back makes it look new; then the plugin is asked again.
        let age = now_ms().checked_sub(self.asked_ms)?;
        let error = ChannelError::internal(self.report);
        let error = match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        };
        (age < FAILURE_MS).then_some(error)
    }
}

/// How a file looked when the plugin described itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Stamp {
    path: PathBuf,
    size: u64,
    modified_ns: u128,
}

impl DescriptionCache {
    /// A cache in this folder, which need not exist.
    #[must_use]
    pub fn new(cache_dir: &Path) -> Self {
        Self { file: cache_dir.join(FILE_NAME), changing: Mutex::default() }
    }

    /// What the plugin said of itself, if it has not changed since.
    #[must_use]
    pub fn get(&self, command: &PluginCommand) -> Option<Description> {
        self.entry(command)?.description
    }

    /// The same, asking the plugin itself if need be.
    ///
    /// # Errors
    ///
    /// See [`describe`]. A plugin that failed is asked again.
    pub async fn describe(
        &self,
        command: &PluginCommand,
        timeouts: &Timeouts,
    ) -> Result<Description, ChannelError> {
        if let Some(description) = self.get(command) {
            return Ok(description);
        }
        // Taken before the plugin runs: if it is replaced meanwhile, the entry is stale at once.
        let files = stamps(command);
        let described = describe(command, timeouts).await;
        if let Some(files) = files {
            let failure = described.as_ref().err().map(Failure::new);
            let description = described.as_ref().ok().cloned();
            self.keep(command, Entry { files, description, failure });
        }
        described
    }

    /// The same, but a plugin that failed a moment ago is not asked again: a broken one would hold
    /// up each listing.
    ///
    /// # Errors
    ///
    /// See [`describe`], now or within the last five minutes.
    pub async fn describe_or_recall(
        &self,
        command: &PluginCommand,
        timeouts: &Timeouts,
    ) -> Result<Description, ChannelError> {
        let known = self.entry(command).and_then(|entry| entry.failure);
        match known.and_then(Failure::recent) {
            Some(error) => Err(error),
            None => self.describe(command, timeouts).await,
        }
    }

    /// What is known of the plugin as it is now.
    fn entry(&self, command: &PluginCommand) -> Option<Entry> {
        let files = stamps(command)?;
        let entry = self.load().remove(&key(command, &files))?;
        (entry.files == files).then_some(entry)
    }

    fn keep(&self, command: &PluginCommand, entry: Entry) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut entries = self.load();
        entries.retain(|_, entry| entry.files.iter().all(|file| file.path.exists()));
        entries.insert(key(command, &entry.files), entry);
        if let Err(error) = self.replace(&entries) {
            tracing::warn!(%error, file = %self.file.display(), "Failed to save the plugin cache.");
        }
    }

    fn load(&self) -> Entries {
        let Ok(text) = std::fs::read(&self.file) else {
            return Entries::new();
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::debug!(%error, "The plugin cache is damaged; building it anew.");
            Entries::new()
        })
    }

    /// Readers see the old file or the new one, never a part.
    fn replace(&self, entries: &Entries) -> std::io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        static WRITES: AtomicU64 = AtomicU64::new(0);
        let number = WRITES.fetch_add(1, Ordering::Relaxed);
        let fresh = folder.join(format!("{FILE_NAME}.{}-{number}", std::process::id()));
        let mut file = std::fs::File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(entries)?)?;
        std::fs::rename(&fresh, &self.file)
    }
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Names the plugin in the file; arguments may make one program many plugins.
fn key(command: &PluginCommand, files: &[Stamp]) -> String {
    let program = files.first().map(|file| file.path.to_string_lossy());
    let args = command.args.iter().map(|arg| arg.to_string_lossy());
    let parts: Vec<_> =
        std::iter::once(command.name.as_str().into()).chain(program).chain(args).collect();
    parts.join("\u{0}")
}

/// `None` if a file is missing, as is a program that has yet to be looked for on `PATH`.
pub(crate) fn stamps(command: &PluginCommand) -> Option<Vec<Stamp>> {
    let files = std::iter::once(&command.program).chain(&command.files);
    files.map(|file| stamp(file)).collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let path = path.canonicalize().ok()?;
    let file = path.metadata().ok()?;
    Some(Stamp { size: file.len(), modified_ns: modified_ns(&file)?, path })
}

fn modified_ns(file: &Metadata) -> Option<u128> {
    let since = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_nanos())
}
