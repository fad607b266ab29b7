//! Several pictures as one. See [Bot API/sendMediaGroup].
//!
//! [Bot API/sendMediaGroup]: https://core.telegram.org/bots/api#sendmediagroup

use nanobot_channel::{Attachment, ChannelError, Location};
use reqwest::multipart::Form;
use serde_json::{Value, json};

use super::Speaker;
use super::target::Target;
use super::upload::{
    PHOTO, SENDING, VIDEO, content, is_about_the_file, json as to_json, method_for, size_of,
    target_form,
};
use crate::api::Sent;

const MAX_ALBUM: usize = 10;

/// A file of a message with its place among them.
type Item<'a> = (usize, &'a Attachment);

/// How many of the first files are shown as one album: pictures and films one after the other.
pub(super) async fn album_length(files: &[Item<'_>], max_bytes: u64) -> usize {
    let mut length = 0;
    for (_, file) in files.iter().take(MAX_ALBUM) {
        if media_type(file, max_bytes).await.is_none() {
            break;
        }
        length += 1;
    }
    length
}

impl Speaker {
    /// Sends files as one album; None if they have to be sent one by one.
    pub(super) async fn send_album(
        &self,
        delivery: &str,
        target: &Target,
        files: &[Item<'_>],
    ) -> Result<Option<Vec<i64>>, ChannelError> {
        if files.len() < 2 {
            return Ok(None);
        }
        let mut target = target.clone();
        self.begin(delivery, &target).await;
        loop {
            let form = form(&target, files, self.api.max_upload_bytes()).await?;
            let error = match self.api.upload::<Vec<Sent>>("sendMediaGroup", form).await {
                Ok(sent) => return Ok(Some(sent.iter().map(|sent| sent.message_id).collect())),
                Err(error) => error,
            };
            if self.adapt(&mut target, &error) {
                continue;
            }
            self.failed(delivery, &error).await;
            // One picture that Telegram cannot read fails the whole album.
            if is_about_the_file(&error) {
                return Ok(None);
            }
            return Err(error.into_channel_error(SENDING));
        }
    }
}

async fn form(target: &Target, files: &[Item<'_>], max_bytes: u64) -> Result<Form, ChannelError> {
    let mut form = target_form(target)?;
    let mut media: Vec<Value> = Vec::new();
    for (index, file) in files {
        let name = format!("file{index}");
        let source = match &file.location {
            Location::Url(url) => url.clone(),
            Location::Path(path) => {
                form = form.part(name.clone(), content(path, file).await?);
                format!("attach://{name}")
            }
        };
        media.push(
            json!({"type": media_type(file, max_bytes).await.unwrap_or("photo"), "media": source}),
        );
    }
    Ok(form.text("media", to_json(&media)?))
}

/// The type of a file in an album; None for files that are sent on their own, which also tells what
/// is wrong with those that cannot be read.
async fn media_type(file: &Attachment, max_bytes: u64) -> Option<&'static str> {
    let method = method_for(file, size_of(file, max_bytes).await.ok()?);
    [PHOTO, VIDEO].contains(&method).then_some(method.field)
}
