//! An audio file on its way to a speech service.

use std::path::Path;

use reqwest::Body;
use reqwest::multipart::Part;
use tokio::fs::File;

use super::error::TranscriptionError;
use super::recent::Stamp;

/// Endings of file names, how the services know them, and their media types.
///
/// Ogg files go by several names, of which the services take one.
const FORMATS: [(&str, &str, &str); 12] = [
    ("ogg", "ogg", "audio/ogg"),
    ("oga", "ogg", "audio/ogg"),
    ("opus", "ogg", "audio/ogg"),
    ("mp3", "mp3", "audio/mpeg"),
    ("mpga", "mpga", "audio/mpeg"),
    ("mpeg", "mpeg", "audio/mpeg"),
    ("m4a", "m4a", "audio/mp4"),
    ("mp4", "mp4", "audio/mp4"),
    ("wav", "wav", "audio/wav"),
    ("webm", "webm", "audio/webm"),
    ("flac", "flac", "audio/flac"),
    ("aac", "aac", "audio/aac"),
];

/// An open file that may be sent.
pub(super) struct Clip {
    file: File,
    bytes: u64,
    format: Option<(&'static str, &'static str)>,
}

impl Clip {
    pub(super) async fn open(
        path: &Path,
        max_bytes: u64,
    ) -> Result<(Self, Stamp), TranscriptionError> {
        // Before it is opened: a pipe would be waited for forever.
        if !tokio::fs::metadata(path).await.map_err(TranscriptionError::File)?.is_file() {
            return Err(TranscriptionError::NotAFile);
        }
        let file = File::open(path).await.map_err(TranscriptionError::File)?;
        let metadata = file.metadata().await.map_err(TranscriptionError::File)?;
        match metadata.len() {
            0 => Err(TranscriptionError::Empty),
            bytes if bytes > max_bytes => Err(TranscriptionError::TooLarge { bytes, max_bytes }),
            bytes => {
                let clip = Self { file, bytes, format: format_of(path) };
                Ok((clip, Stamp::new(path, &metadata)))
            }
        }
    }

    /// The file as a part of a form, read while it is sent. Its own name stays here: it is nobody's
    /// business, and some services refuse letters in it.
    pub(super) fn into_part(self) -> Part {
        let (ending, mime) = self.format.unwrap_or(("bin", "application/octet-stream"));
        let part = Part::stream_with_length(Body::from(self.file), self.bytes);
        let part = part.file_name(format!("audio.{ending}")).mime_str(mime);
        part.expect("the table holds media types")
    }
}

fn format_of(path: &Path) -> Option<(&'static str, &'static str)> {
    let ending = path.extension()?.to_str()?;
    let known = FORMATS.into_iter().find(|(known, ..)| ending.eq_ignore_ascii_case(known))?;
    Some((known.1, known.2))
}
