use std::path::PathBuf;

use secrecy::SecretString;

use crate::WebConfig;

/// What a [`WebHub`](crate::WebHub) is made of.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// Folder for the transcripts, kept across restarts.
    pub state_dir: PathBuf,
    /// Name at the top of the page.
    pub title: String,
    /// What a page must know to connect; `None` lets in everybody who may open the page.
    pub token: Option<SecretString>,
    /// Further names that the hub answers to, with or without a port; without one any port will do.
    pub allowed_hosts: Vec<String>,
    /// Most conversations kept; beyond it the oldest is removed.
    pub max_conversations: usize,
    /// Bounds that a person has no reason to change.
    pub limits: Limits,
}

/// Bounds of what a [`WebHub`](crate::WebHub) keeps and takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest message from a page, in bytes of UTF-8.
    pub max_text_bytes: usize,
    /// Most pages connected at once; a further one is answered with 503.
    pub max_connections: usize,
    /// Most frames waiting for one page before it is disconnected.
    pub max_queued_frames: usize,
    /// Most bytes waiting for one page before it is disconnected.
    pub max_queued_bytes: usize,
    /// Largest transcript; beyond it the oldest half is dropped.
    pub max_file_bytes: u64,
    /// Most messages in one `history` or `earlier` frame.
    pub max_history: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_text_bytes: 256 * 1024,
            max_connections: 64,
            max_queued_frames: 4096,
            max_queued_bytes: 16 * 1024 * 1024,
            max_file_bytes: 8 * 1024 * 1024,
            max_history: 200,
        }
    }
}

impl HubOptions {
    /// The defaults, with transcripts under `state_dir`.
    #[must_use]
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        WebConfig::default().hub_options(state_dir)
    }
}
