use std::path::Path;

use nanobot_channel::{Attachment, AttachmentKind, Location};
use nanobot_channel_kit::{Backoff, safe_name};

use super::Receiver;
use super::inbound::answered;
use crate::api::{ApiError, FileId, Message, PhotoSize};

const TRIES: u32 = 3;

/// A file of a message, still at Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media {
    kind: AttachmentKind,
    file_id: String,
    /// Name on this disk.
    local_name: String,
    /// Name to show.
    name: Option<String>,
    mime: Option<String>,
    size: Option<u64>,
}

/// The files of a message and of the one that it answers: "what is this?" asks about the latter.
pub(super) fn media_of(message: &Message) -> Vec<Media> {
    own(message).into_iter().chain(answered(message).and_then(own)).collect()
}

fn own(message: &Message) -> Option<Media> {
    if let Some(photo) = largest(&message.photo) {
        let file = FileId {
            file_id: photo.file_id.clone(),
            file_unique_id: photo.file_unique_id.clone(),
            mime_type: Some("image/jpeg".to_owned()),
            file_size: photo.file_size,
            file_name: None,
        };
        return Some(media(message, &file, AttachmentKind::Image, "jpg"));
    }
    // An animation comes as a document too, so it is looked for first.
    let candidates = [
        (&message.voice, AttachmentKind::Audio, "ogg"),
        (&message.audio, AttachmentKind::Audio, "mp3"),
        (&message.animation, AttachmentKind::Video, "mp4"),
        (&message.video, AttachmentKind::Video, "mp4"),
        (&message.video_note, AttachmentKind::Video, "mp4"),
        (&message.document, AttachmentKind::File, "bin"),
    ];
    let found = candidates
        .into_iter()
        .find_map(|(file, kind, ending)| file.as_ref().map(|file| (file, kind, ending)));
    found.map(|(file, kind, ending)| media(message, file, kind, ending))
}

fn largest(photo: &[PhotoSize]) -> Option<&PhotoSize> {
    photo.iter().max_by_key(|size| size.width.saturating_mul(size.height))
}

fn media(message: &Message, file: &FileId, kind: AttachmentKind, ending: &str) -> Media {
    let given = file.file_name.as_deref().map(safe_name).filter(|name| !name.is_empty());
    let name = given.clone().unwrap_or_else(|| format!("file.{ending}"));
    let kind = match (kind, &given) {
        // A picture sent as a document is still a picture to the agent.
        (AttachmentKind::File, Some(name)) => AttachmentKind::from_file_name(name),
        (kind, _) => kind,
    };
    Media {
        kind,
        file_id: file.file_id.clone(),
        local_name: format!("{}-{}-{name}", message.message_id, safe_name(&file.file_unique_id)),
        name: given,
        mime: file.mime_type.clone(),
        size: file.file_size,
    }
}

impl Receiver {
    /// Fetches files; of those that cannot be had a line for the agent tells why.
    pub(super) async fn fetch_media(&self, media: &[Media]) -> (Vec<Attachment>, Vec<String>) {
        let (mut files, mut notes) = (Vec::new(), Vec::new());
        for media in media {
            let path = self.cx.media_dir.join(&media.local_name);
            match self.fetch(media, &path).await {
                Ok(()) => files.push(attachment(media, &path).await),
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "Could not fetch a file.");
                    notes.push(note(media, &error, self.config.max_download_mb));
                }
            }
        }
        (files, notes)
    }

    async fn fetch(&self, media: &Media, path: &Path) -> Result<(), ApiError> {
        let max_bytes = self.config.max_download_bytes();
        if media.size.is_some_and(|size| size > max_bytes) {
            return Err(ApiError::TooLarge { max_bytes });
        }
        tokio::fs::create_dir_all(&self.cx.media_dir).await?;
        let mut backoff = Backoff::default();
        let mut tries = 1;
        loop {
            let download = self.api.download(&media.file_id, path, max_bytes);
            let error = match self.until_shutdown(download).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if tries == TRIES || !may_pass(&error) {
                return Err(error);
            }
            let pause = error.retry_after().unwrap_or_else(|| backoff.next_pause());
            if !self.pause(pause).await {
                return Err(error);
            }
            tries += 1;
        }
    }
}

fn may_pass(error: &ApiError) -> bool {
    matches!(error, ApiError::Transport(_)) || error.code().is_some_and(|code| code >= 429)
}

async fn attachment(media: &Media, path: &Path) -> Attachment {
    let size = tokio::fs::metadata(path).await.map(|data| data.len()).ok();
    Attachment {
        kind: media.kind,
        location: Location::Path(path.to_owned()),
        mime: media.mime.clone(),
        name: media.name.clone(),
        size_bytes: size.or(media.size),
    }
}

fn note(media: &Media, error: &ApiError, max_mb: u16) -> String {
    let name = media.name.as_deref().unwrap_or("a file");
    let is_large = matches!(error, ApiError::TooLarge { .. }) || error.says(&["file is too big"]);
    if is_large {
        format!("[{name} was sent, but is too large: at most {max_mb} MB are fetched]")
    } else {
        format!("[{name} was sent, but could not be fetched from Telegram]")
    }
}

/// An error with its causes, in one line.
fn chain(error: &ApiError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(fields: Value, kind: AttachmentKind, local_name: &str) {
        let mut message: Message = serde_json::from_value(fields).unwrap();
        message.message_id = 5;
        let media = media_of(&message);
        assert_eq!((media[0].kind, media[0].local_name.as_str()), (kind, local_name));
    }

    #[test]
    fn each_kind_of_file_is_found() {
        let sizes = json!([
            {"file_id": "s", "file_unique_id": "small", "width": 90, "height": 90},
            {"file_id": "l", "file_unique_id": "large", "width": 900, "height": 900}
        ]);
        check(json!({"photo": sizes}), AttachmentKind::Image, "5-large-file.jpg");
        let file = |name: &str| json!({"file_id": "i", "file_unique_id": "u", "file_name": name});
        let nameless = json!({"file_id": "i", "file_unique_id": "u"});
        check(json!({"voice": nameless}), AttachmentKind::Audio, "5-u-file.ogg");
        check(json!({"video_note": nameless}), AttachmentKind::Video, "5-u-file.mp4");
        check(json!({"document": file("a.pdf")}), AttachmentKind::File, "5-u-a.pdf");
        check(json!({"document": file("a.png")}), AttachmentKind::Image, "5-u-a.png");
        check(
            json!({"document": file("a.gif"), "animation": file("a.gif")}),
            AttachmentKind::Video,
            "5-u-a.gif",
        );
    }

    #[test]
    fn picture_of_any_size_is_no_panic() {
        let huge = json!([
            {"file_id": "h", "file_unique_id": "huge", "width": u64::MAX, "height": u64::MAX},
            {"file_id": "s", "file_unique_id": "small", "width": 90, "height": 90},
        ]);
        check(json!({"photo": huge}), AttachmentKind::Image, "5-huge-file.jpg");
    }

    #[test]
    fn file_of_the_answered_message_belongs_to_the_question() {
        let message = json!({
            "text": "what is this?",
            "reply_to_message": {"message_id": 5, "document": {"file_id": "i", "file_unique_id": "u"}}
        });
        check(message, AttachmentKind::File, "5-u-file.bin");
    }
}
