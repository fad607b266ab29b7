use std::path::Path;

use nanobot_channel::{Attachment, AttachmentKind, Location};
use nanobot_channel_kit::{Backoff, safe_name};

use super::Receiver;
use crate::api::{self, ApiError, Message};

/// Largest file that is fetched.
const MAX_BYTES: u64 = 20 * 1024 * 1024;
const TRIES: u32 = 3;

/// A file of a message, still at Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Media {
    kind: AttachmentKind,
    url: String,
    /// Name on this disk.
    local_name: String,
    name: String,
    mime: Option<String>,
    size: u64,
}

/// The files of a message, of what it forwards, and of the message that it answers: "what is this?"
/// asks about the latter.
pub(super) fn media_of(message: &Message) -> Vec<Media> {
    let forwarded = message.message_snapshots.iter().map(|snapshot| &snapshot.message);
    let answered = message.referenced_message.as_deref();
    let messages = Some(message).into_iter().chain(forwarded).chain(answered);
    messages.flat_map(|message| &message.attachments).map(media).collect()
}

fn media(file: &api::Attachment) -> Media {
    let mime = file.content_type.clone();
    Media {
        kind: kind(mime.as_deref(), &file.filename),
        url: file.url.clone(),
        local_name: format!("{}-{}", file.id, safe_name(&file.filename)),
        name: file.filename.clone(),
        mime,
        size: file.size,
    }
}

fn kind(mime: Option<&str>, name: &str) -> AttachmentKind {
    match mime.and_then(|mime| mime.split('/').next()) {
        Some("image") => AttachmentKind::Image,
        Some("audio") => AttachmentKind::Audio,
        Some("video") => AttachmentKind::Video,
        _ => AttachmentKind::from_file_name(name),
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
                    tracing::warn!(%error, "Could not fetch a file.");
                    notes.push(note(media, &error));
                }
            }
        }
        (files, notes)
    }

    async fn fetch(&self, media: &Media, path: &Path) -> Result<(), ApiError> {
        if media.size > MAX_BYTES {
            return Err(ApiError::TooLarge { max_bytes: MAX_BYTES });
        }
        tokio::fs::create_dir_all(&self.cx.media_dir).await?;
        let Ok(_permit) = self.fetches.acquire().await else { return Err(ApiError::Revoked) };
        let mut backoff = Backoff::default();
        let mut tries = 1;
        loop {
            let download = self.api.download(&media.url, path, MAX_BYTES);
            let error = match self.until_shutdown(download).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let may_pass = matches!(error, ApiError::Transport(_))
                || error.status().is_some_and(|status| status >= 429);
            if tries == TRIES || !may_pass || !self.pause(backoff.next_pause()).await {
                return Err(error);
            }
            tries += 1;
        }
    }
}

async fn attachment(media: &Media, path: &Path) -> Attachment {
    let size = tokio::fs::metadata(path).await.map(|data| data.len()).ok();
    Attachment {
        kind: media.kind,
        location: Location::Path(path.to_owned()),
        mime: media.mime.clone(),
        name: Some(media.name.clone()),
        size_bytes: size.or(Some(media.size)),
    }
}

fn note(media: &Media, error: &ApiError) -> String {
    let name = &media.name;
    if matches!(error, ApiError::TooLarge { .. }) {
        format!("[{name} was sent, but is too large: files of up to 20 MB are fetched]")
    } else {
        format!("[{name} was sent, but could not be fetched from Discord]")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_of_the_message_the_forwarded_and_the_answered_one_are_found() {
        let file = |id: u64, name: &str, mime: &str| json!({"id": id.to_string(), "filename": name, "content_type": mime, "url": "u"});
        let message = json!({
            "attachments": [file(1, "../a.png", "image/png")],
            "message_snapshots": [{"message": {"attachments": [file(2, "b.ogg", "audio/ogg")]}}],
            "referenced_message": {"attachments": [file(3, "c.pdf", "application/pdf")]}
        });
        let found = media_of(&serde_json::from_value(message).unwrap());
        let found: Vec<_> = found.iter().map(|it| (it.kind, it.local_name.as_str())).collect();
        assert_eq!(
            found,
            [
                (AttachmentKind::Image, "1-_a.png"),
                (AttachmentKind::Audio, "2-b.ogg"),
                (AttachmentKind::File, "3-c.pdf"),
            ]
        );
    }
}
