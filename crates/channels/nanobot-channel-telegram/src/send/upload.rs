use std::path::Path;

use nanobot_channel::{
    Attachment, AttachmentKind, ChannelError, ErrorKind, Location, OutboundMessage,
};
use reqwest::multipart::{Form, Part};
use serde::Serialize;

use super::Speaker;
use super::album::album_length;
use super::target::Target;
use crate::api::{ApiError, ChatRef, Sent};
use nanobot_channel_kit::{Note, is_media_type};

pub(super) const SENDING: &str = "failed to send a file";
/// See [Bot API/sendPhoto](https://core.telegram.org/bots/api#sendphoto).
const MAX_PHOTO_BYTES: u64 = 10 * 1024 * 1024;

/// A method that sends one file, and the parameter that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Method {
    name: &'static str,
    pub(super) field: &'static str,
}

pub(super) const PHOTO: Method = Method { name: "sendPhoto", field: "photo" };
const ANIMATION: Method = Method { name: "sendAnimation", field: "animation" };
const VOICE: Method = Method { name: "sendVoice", field: "voice" };
const AUDIO: Method = Method { name: "sendAudio", field: "audio" };
pub(super) const VIDEO: Method = Method { name: "sendVideo", field: "video" };
const DOCUMENT: Method = Method { name: "sendDocument", field: "document" };

impl Speaker {
    /// Sends the files of a message that were not sent before. Of those that cannot be sent a line
    /// for the person tells so: a bad file must not cost the text that comes with it.
    pub(super) async fn send_files(
        &self,
        message: &OutboundMessage,
        target: &Target,
    ) -> Result<(Vec<i64>, Vec<String>), ChannelError> {
        let delivery = &message.delivery_id;
        let mut notes = Vec::new();
        let sent = self.deliveries.get(delivery).files;
        let files = message.attachments.iter().enumerate();
        let files: Vec<_> = files.filter(|(index, _)| !sent.contains_key(index)).collect();
        let mut rest = files.as_slice();
        while !rest.is_empty() {
            let album = &rest[..album_length(rest, self.api.max_upload_bytes()).await];
            let ids = match self.send_album(delivery, target, album).await? {
                Some(ids) => ids,
                None => self.send_or_note(delivery, target, rest[0].1, &mut notes).await?,
            };
            for ((index, _), message_id) in rest.iter().zip(&ids) {
                let (delivery, message_id) = (delivery.clone(), *message_id);
                self.deliveries.note(Note::File { delivery, index: *index, message_id }).await;
            }
            rest = &rest[ids.len().clamp(1, rest.len())..];
        }
        let sent = self.deliveries.get(delivery).files;
        let ids = (0..message.attachments.len()).filter_map(|index| sent.get(&index).copied());
        Ok((ids.collect(), notes))
    }

    async fn send_or_note(
        &self,
        delivery: &str,
        target: &Target,
        file: &Attachment,
        notes: &mut Vec<String>,
    ) -> Result<Vec<i64>, ChannelError> {
        match self.send_file(delivery, target, file).await {
            Ok(id) => Ok(vec![id]),
            Err(error) if error.kind() == ErrorKind::Rejected => {
                tracing::warn!(error = error.report(), "Could not send a file.");
                notes.push(format!("[{} could not be sent]", file_name(file)));
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    async fn send_file(
        &self,
        delivery: &str,
        target: &Target,
        file: &Attachment,
    ) -> Result<i64, ChannelError> {
        let mut target = target.clone();
        let mut method = method_for(file, size_of(file, self.api.max_upload_bytes()).await?);
        self.begin(delivery, &target).await;
        loop {
            let form = form(&target, method, file).await?;
            let error = match self.api.upload::<Sent>(method.name, form).await {
                Ok(sent) => return Ok(sent.message_id),
                Err(error) => error,
            };
            if self.adapt(&mut target, &error) {
                continue;
            }
            // Telegram is choosy with pictures and sound; a document takes everything.
            if method == DOCUMENT || !is_about_the_file(&error) {
                self.failed(delivery, &error).await;
                return Err(error.into_channel_error(SENDING));
            }
            method = DOCUMENT;
        }
    }
}

/// True unless the refusal has to do with the chat, and a document would be refused too.
pub(super) fn is_about_the_file(error: &ApiError) -> bool {
    let reasons = ["photo", "image", "file", "wrong", "dimensions", "video", "audio", "voice"];
    error.code() == Some(413) || error.says(&reasons)
}

/// The size of a local file, if it can be sent; 0 of one that Telegram fetches.
pub(super) async fn size_of(file: &Attachment, max_bytes: u64) -> Result<u64, ChannelError> {
    let Location::Path(path) = &file.location else { return Ok(0) };
    let size = tokio::fs::metadata(path).await.map(|data| data.len()).map_err(unreadable)?;
    if size > max_bytes {
        return Err(ChannelError::rejected("the file is too large for telegram"));
    }
    if size == 0 {
        return Err(ChannelError::rejected("the file is empty"));
    }
    Ok(size)
}

fn unreadable(error: std::io::Error) -> ChannelError {
    ChannelError::new(ErrorKind::Rejected, "failed to read a file to send").with_source(error)
}

/// The method that shows a file best. Each but `sendDocument` takes few formats.
pub(super) fn method_for(file: &Attachment, size: u64) -> Method {
    let name = file_name(file).to_ascii_lowercase();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    match (file.kind, ending) {
        (AttachmentKind::Image, "gif") => ANIMATION,
        (AttachmentKind::Image, "jpg" | "jpeg" | "png" | "webp" | "")
            if size <= MAX_PHOTO_BYTES =>
        {
            PHOTO
        }
        (AttachmentKind::Audio, "ogg" | "oga" | "opus") => VOICE,
        (AttachmentKind::Audio, "mp3" | "m4a") => AUDIO,
        (AttachmentKind::Video, "mp4" | "") => VIDEO,
        _ => DOCUMENT,
    }
}

fn file_name(file: &Attachment) -> String {
    let from_location = || match &file.location {
        Location::Path(path) => last_of(&path.to_string_lossy()),
        Location::Url(url) => last_of(url.split(['?', '#']).next().unwrap_or_default()),
    };
    file.name.clone().unwrap_or_else(from_location)
}

fn last_of(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

async fn form(target: &Target, method: Method, file: &Attachment) -> Result<Form, ChannelError> {
    let form = target_form(target)?;
    match &file.location {
        // Telegram fetches it itself, so no address is called from this machine.
        Location::Url(url) => Ok(form.text(method.field, url.clone())),
        Location::Path(path) => Ok(form.part(method.field, content(path, file).await?)),
    }
}

/// A form that says where the files go.
pub(super) fn target_form(target: &Target) -> Result<Form, ChannelError> {
    let chat = match &target.chat {
        ChatRef::Id(id) => id.to_string(),
        ChatRef::Name(name) => name.clone(),
    };
    let mut form = Form::new().text("chat_id", chat);
    if let Some(thread) = target.thread {
        form = form.text("message_thread_id", thread.to_string());
    }
    if let Some(reply) = target.reply {
        form = form.text("reply_parameters", json(&reply)?);
    }
    Ok(form)
}

pub(super) fn json(value: &impl Serialize) -> Result<String, ChannelError> {
    serde_json::to_string(value)
        .map_err(|error| ChannelError::internal("failed to write a parameter").with_source(error))
}

pub(super) async fn content(path: &Path, file: &Attachment) -> Result<Part, ChannelError> {
    let opened = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let size = opened.metadata().await.map_err(unreadable)?.len();
    let part = Part::stream_with_length(reqwest::Body::from(opened), size);
    let part = part.file_name(file_name(file));
    match &file.mime {
        // A media type that is none is left out; Telegram looks at the content anyway.
        Some(mime) if is_media_type(mime) => part.mime_str(mime).map_err(|error| {
            ChannelError::internal("failed to describe a file").with_source(error)
        }),
        _ => Ok(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Api;
    use crate::config::TelegramConfig;

    #[track_caller]
    fn check(path: &str, size: u64, expected: Method) {
        assert_eq!(method_for(&Attachment::from_path(path), size), expected);
    }

    #[tokio::test]
    async fn file_that_telegram_does_not_take_is_refused_before_it_is_sent() {
        let max_bytes = |api_base: Option<&str>| {
            let api_base = api_base.map(str::to_owned);
            Api::new(&TelegramConfig { api_base, ..TelegramConfig::default() }).max_upload_bytes()
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(50 * 1024 * 1024 + 1).unwrap();
        let file = Attachment::from_path(file.path());
        let error = size_of(&file, max_bytes(None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert!(size_of(&file, max_bytes(Some("http://127.0.0.1:8081"))).await.is_ok());
    }

    #[test]
    fn each_kind_of_file_is_shown_as_what_it_is() {
        check("/a/cat.PNG", 10, PHOTO);
        check("/a/cat.png", MAX_PHOTO_BYTES + 1, DOCUMENT);
        check("/a/cat.bmp", 10, DOCUMENT);
        check("/a/cat.gif", 10, ANIMATION);
        check("/a/word.ogg", 10, VOICE);
        check("/a/song.mp3", 10, AUDIO);
        check("/a/song.flac", 10, DOCUMENT);
        check("/a/film.mp4", 10, VIDEO);
        check("/a/report.pdf", 10, DOCUMENT);
        let url = Attachment::from_url("https://a.b/cat.jpg?size=2");
        assert_eq!(method_for(&url, 0), PHOTO);
    }
}
