use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file that belongs to a message.
///
/// Received files are written by the channel into [`ChannelContext::media_dir`] and belong to the
/// gateway once the message is accepted. Files of an outbound message are readable until
/// [`Channel::send`] returns.
///
/// [`ChannelContext::media_dir`]: crate::ChannelContext::media_dir
/// [`Channel::send`]: crate::Channel::send
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What kind of file it is.
    pub kind: AttachmentKind,
    /// Where it is.
    #[serde(flatten)]
    pub location: Location,
    /// MIME type, e.g. `image/png`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// File name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// Kind of an [`Attachment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum AttachmentKind {
    Image,
    Audio,
    Video,
    File,
}

/// Where an [`Attachment`] is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// A local file, absolute.
    Path(PathBuf),
    /// An `http` or `https` address.
    Url(String),
}

impl Attachment {
    /// A file at an address; its kind is guessed from the ending of the address.
    #[must_use]
    pub fn from_url(url: impl Into<String>) -> Self {
        let url = url.into();
        let path = url.split(['?', '#']).next().unwrap_or_default();
        Self {
            kind: AttachmentKind::from_file_name(path),
            location: Location::Url(url),
            mime: None,
            name: None,
            size_bytes: None,
        }
    }

    /// A local file; its kind is guessed from the ending of its name.
    #[must_use]
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            kind: AttachmentKind::from_file_name(&path.to_string_lossy()),
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()),
            location: Location::Path(path),
            mime: None,
            size_bytes: None,
        }
    }
}

impl AttachmentKind {
    /// Guesses the kind from the ending of a file's name, `File` if it is not known.
    #[must_use]
    pub fn from_file_name(name: &str) -> Self {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("png" | "jpg" | "jpeg" | "gif" | "webp" | "bmp" | "heic") => Self::Image,
            Some("mp3" | "ogg" | "oga" | "opus" | "wav" | "m4a" | "flac" | "aac") => Self::Audio,
            Some("mp4" | "mov" | "webm" | "mkv" | "avi") => Self::Video,
            _ => Self::File,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_of_a_url_is_read_from_its_path() {
        let kind = |url: &str| Attachment::from_url(url).kind;
        assert_eq!(kind("https://example.org/cat.PNG?size=2"), AttachmentKind::Image);
        assert_eq!(kind("https://example.org/voice.ogg#t=1"), AttachmentKind::Audio);
        assert_eq!(kind("https://example.org/"), AttachmentKind::File);
    }

    #[test]
    fn attachment_keeps_exactly_one_location_in_json() {
        let json = serde_json::to_value(Attachment::from_path("/media/report.pdf")).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"kind": "file", "path": "/media/report.pdf", "name": "report.pdf"})
        );
    }
}
