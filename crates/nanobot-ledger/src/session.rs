use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A session as a listing shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Its name, usually `channel:chat`.
    pub key: String,
    /// Entries of its history.
    pub entries: u64,
    /// When it began, in milliseconds since 1970.
    pub created_ms: u64,
    /// When it gained something last.
    pub used_ms: u64,
    /// What an imported session carried beside its history; opaque to the ledger.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

/// Which sessions to list, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPage {
    /// Only those after this key; for the next page.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl Default for SessionPage {
    fn default() -> Self {
        Self { after: None, limit: 100 }
    }
}

/// A piece of a session's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryPage {
    /// Number of the first entry; 0 is the oldest.
    pub from: u64,
    /// At most so many.
    pub limit: usize,
}
