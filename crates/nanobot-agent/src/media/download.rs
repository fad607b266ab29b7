//! Fetches attachments that a channel gave as an address.
//!
//! The sender chose the address, so the guard of the web tools stands before it: public addresses
//! only, the connection goes to the address that was judged, and each redirect is judged again.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nanobot_config::Tools;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, Url};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::tools::PublicClient;

use super::shelf::make_room;

/// Largest file that is fetched.
const MAX_BYTES: usize = 20 * 1024 * 1024;
/// All files that are kept, together.
const MAX_KEPT_BYTES: u64 = 1024 * 1024 * 1024;
/// Longest time for one file, with all redirects.
const TOTAL_TIME: Duration = Duration::from_secs(60);
/// Bytes of the name that the address suggests.
const MAX_NAME_CHARS: usize = 80;
/// Name endings for files whose address has none.
const ENDINGS: [(&str, &str); 10] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("application/pdf", "pdf"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
];

/// Whether an attachment is an address and not a file.
pub(super) fn is_url(place: &str) -> bool {
    let scheme = place.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| ["http", "https"].contains(&scheme.as_str()))
}

/// Fetches files into a folder.
pub(super) struct Downloads {
    folder: PathBuf,
    client: PublicClient,
}

impl Downloads {
    pub(super) fn new(folder: PathBuf, config: &Tools) -> Self {
        Self { folder, client: PublicClient::from_config(config) }
    }

    /// The file at an address; one that was fetched before, for a turn that was cut off, is not
    /// fetched again.
    ///
    /// # Errors
    ///
    /// Returns why there is none, for the model.
    pub(super) async fn fetch(&self, url: &str) -> Result<PathBuf, String> {
        let prefix = prefix_of(url);
        if let Some(known) = self.known(&prefix).await {
            return Ok(known);
        }
        let fetched = tokio::time::timeout(TOTAL_TIME, self.fetch_new(url, &prefix)).await;
        let fetched = fetched.unwrap_or_else(|_| Err("it took too long".to_owned()));
        fetched.map_err(|error| {
            tracing::debug!(error, "Could not fetch an attachment.");
            format!("it could not be fetched: {error}")
        })
    }

    async fn fetch_new(&self, url: &str, prefix: &str) -> Result<PathBuf, String> {
        let (url, response) =
            self.client.follow(url, "*/*").await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("the server answered with status {}", response.status()));
        }
        let name = format!("{prefix}{}", name_of(&url, &response));
        let bytes = read(response).await?;
        let (folder, path) = (self.folder.clone(), self.folder.join(name));
        let stored =
            tokio::task::spawn_blocking(move || store(&folder, &path, &bytes).map(|()| path));
        let failed = |error: &dyn std::fmt::Display| format!("it cannot be stored: {error}");
        stored.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }

    async fn known(&self, prefix: &str) -> Option<PathBuf> {
        let mut files = tokio::fs::read_dir(&self.folder).await.ok()?;
        while let Some(file) = files.next_entry().await.ok()? {
            if file.file_name().to_string_lossy().starts_with(prefix) {
                return Some(file.path());
            }
        }
        None
    }
}

/// The same for the same address only, so that nobody can put a file in another one's place.
fn prefix_of(url: &str) -> String {
    let hash = Sha256::digest(url.as_bytes());
    let hash: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("{hash}-")
}

/// A harmless name with the ending that the address or the server gives.
fn name_of(url: &Url, response: &Response) -> String {
    let last = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    plain_name(last, kind.unwrap_or_default())
}

fn plain_name(last: &str, kind: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || "-_.".contains(*letter);
    let name: String = last.chars().filter(is_plain).collect();
    let start = name.len().saturating_sub(MAX_NAME_CHARS);
    let name = name[start..].trim_start_matches('.');
    let name = if name.is_empty() { "file" } else { name };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let ending = ENDINGS.iter().find(|(known, _)| *known == kind).map(|(_, ending)| *ending);
    match ending {
        Some(ending) if Path::new(name).extension().is_none() => format!("{name}.{ending}"),
        _ => name.to_owned(),
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, String> {
    let too_large = || format!("it is larger than {} MiB", MAX_BYTES / (1024 * 1024));
    if response.content_length().is_some_and(|length| length > MAX_BYTES as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(more) =
        response.chunk().await.map_err(|error| format!("it broke off: {}", error.without_url()))?
    {
        if bytes.len() + more.len() > MAX_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// Under its name only when it is whole.
fn store(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    make_room(folder, MAX_KEPT_BYTES);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_harmless_and_have_an_ending() {
        for (last, kind, expected) in [
            ("a.png", "image/png", "a.png"),
            ("picture", "image/jpeg; charset=x", "picture.jpg"),
            ("..%2F..%2Fetc", "", "2F..2Fetc"),
            (".bashrc", "text/plain", "bashrc.txt"),
            ("", "application/pdf", "file.pdf"),
            ("üñ", "application/octet-stream", "file"),
        ] {
            assert_eq!(plain_name(last, kind), expected, "{last} {kind}");
        }
        assert_eq!(plain_name(&"x".repeat(500), "").len(), MAX_NAME_CHARS);
        assert_ne!(prefix_of("https://a/b"), prefix_of("https://a/c"));
    }
}
