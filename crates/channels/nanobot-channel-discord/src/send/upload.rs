use std::path::Path;

use nanobot_channel::{Attachment, ChannelError, ErrorKind, Location, OutboundMessage};
use nanobot_channel_kit::{Note, is_media_type};
use reqwest::multipart::Part;
use serde_json::json;

use super::Speaker;
use super::place::{new_message, nonce};
use super::target::Target;
use crate::api::{Id, UploadedFile};

const SENDING: &str = "failed to send a file";
/// Largest file where nobody pays for more.
/// See [Discord/uploading files](https://docs.discord.com/developers/reference#uploading-files).
const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;
/// Room for files in one request of 25 MiB.
/// See [Discord/create message](https://docs.discord.com/developers/resources/message#create-message).
const MAX_REQUEST_BYTES: u64 = 24 * 1024 * 1024;
const MAX_FILES: usize = 10;

/// A file of a delivery that can be sent.
struct Item<'a> {
    index: usize,
    path: &'a Path,
    file: &'a Attachment,
    name: String,
    size: u64,
}

impl Speaker {
    /// Sends the files of a message that were not sent before. Of those that cannot be sent a line
    /// for the person tells so: a bad file must not cost the text that comes with it.
    pub(super) async fn send_files(
        &self,
        message: &OutboundMessage,
        target: &Target,
    ) -> Result<(Vec<Id>, Vec<String>), ChannelError> {
        let (mut items, mut lines) = look_at(&message.attachments).await;
        let sent = self.deliveries.get(&message.delivery_id).files;
        items.retain(|item| !sent.contains_key(&item.index));
        let mut rest = items.as_slice();
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(batch_length(rest));
            match self.send_batch(message, target, batch).await {
                Ok(()) => rest = after,
                Err(error) if error.kind() == ErrorKind::Rejected => {
                    // One file that Discord refuses fails the whole batch.
                    let (first, others) = self.send_singly(message, target, rest).await?;
                    lines.extend(first);
                    rest = others;
                }
                Err(error) => return Err(error),
            }
        }
        let mut ids: Vec<Id> =
            self.deliveries.get(&message.delivery_id).files.into_values().collect();
        ids.sort();
        ids.dedup();
        Ok((ids, lines))
    }

    /// Sends the first of some files; a line instead if it is refused.
    async fn send_singly<'a>(
        &self,
        message: &OutboundMessage,
        target: &Target,
        rest: &'a [Item<'a>],
    ) -> Result<(Option<String>, &'a [Item<'a>]), ChannelError> {
        let (first, others) = rest.split_at(1);
        match self.send_batch(message, target, first).await {
            Ok(()) => Ok((None, others)),
            Err(error) if error.kind() == ErrorKind::Rejected => {
                tracing::warn!(error = error.report(), "Could not send a file.");
                Ok((Some(refused(&first[0].name, "Discord refused it")), others))
            }
            Err(error) => Err(error),
        }
    }

    async fn send_batch(
        &self,
        message: &OutboundMessage,
        target: &Target,
        batch: &[Item<'_>],
    ) -> Result<(), ChannelError> {
        let names: Vec<String> = batch.iter().map(|item| item.name.clone()).collect();
        let found = match message.attempt > 1 {
            true => self.find_sent(target, "", &names).await?,
            false => None,
        };
        let message_id = match found {
            Some(id) => id,
            None => self.upload(&message.delivery_id, target, batch).await?,
        };
        for item in batch {
            let (delivery, index) = (message.delivery_id.clone(), item.index);
            self.deliveries.note(Note::File { delivery, index, message_id }).await;
        }
        Ok(())
    }

    async fn upload(
        &self,
        delivery: &str,
        target: &Target,
        batch: &[Item<'_>],
    ) -> Result<Id, ChannelError> {
        let mut files = Vec::new();
        let mut descriptions = Vec::new();
        for (place, item) in batch.iter().enumerate() {
            let part = content(item).await?;
            files.push(UploadedFile { name: item.name.clone(), part });
            descriptions.push(json!({"id": place, "filename": item.name}));
        }
        let first = batch.first().map_or(0, |item| item.index);
        // Another number of files is another message.
        let nonce = nonce(delivery, &format!("{} files", batch.len()), first, None);
        let mut message = new_message("", &nonce, descriptions);
        message.message_reference = target.reference().filter(|_| first == 0);
        let sent = self.api.create_message_with_files(target.channel, &message, files).await;
        sent.map(|sent| sent.id).map_err(|error| error.into_channel_error(SENDING))
    }
}

/// Sorts files into those that can be sent and lines about those that cannot.
async fn look_at(files: &[Attachment]) -> (Vec<Item<'_>>, Vec<String>) {
    let (mut items, mut lines) = (Vec::new(), Vec::new());
    for (index, file) in files.iter().enumerate() {
        let path = match &file.location {
            Location::Path(path) => path,
            // Discord shows what is behind an address by itself.
            Location::Url(url) => {
                lines.push(url.clone());
                continue;
            }
        };
        let name = file_name(file, path);
        match tokio::fs::metadata(path).await.map(|data| data.len()) {
            Ok(0) => lines.push(refused(&name, "it is empty")),
            Ok(size) if size > MAX_FILE_BYTES => {
                lines.push(refused(&name, "Discord takes files of up to 10 MiB"));
            }
            Ok(size) => items.push(Item { index, path, file, name, size }),
            Err(error) => {
                tracing::warn!(%error, "Could not read a file to send.");
                lines.push(refused(&name, "it could not be read"));
            }
        }
    }
    (items, lines)
}

/// How many of the first files go into one message.
fn batch_length(items: &[Item<'_>]) -> usize {
    let mut bytes = 0;
    let fits = |item: &&Item<'_>| {
        bytes += item.size;
        bytes <= MAX_REQUEST_BYTES
    };
    items.iter().take(MAX_FILES).take_while(fits).count().max(1)
}

/// A line for the person; the name of a file is no markup.
fn refused(name: &str, reason: &str) -> String {
    let escape = |c: char| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() };
    let name: String = name.chars().map(escape).collect();
    format!("\\[{name} could not be sent: {reason}\\]")
}

fn file_name(file: &Attachment, path: &Path) -> String {
    let from_path = || path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = file.name.clone().or_else(from_path).unwrap_or_default();
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Quotes would end the header that holds the name.
    let name: String = last.chars().filter(|c| !c.is_control() && *c != '"').take(200).collect();
    if name.is_empty() { "file".to_owned() } else { name }
}

async fn content(item: &Item<'_>) -> Result<Part, ChannelError> {
    let unreadable = |error: std::io::Error| {
        ChannelError::rejected("failed to read a file to send").with_source(error)
    };
    let opened = tokio::fs::File::open(item.path).await.map_err(unreadable)?;
    let size = opened.metadata().await.map_err(unreadable)?.len();
    let mime = item.file.mime.as_deref().unwrap_or("application/octet-stream");
    let part = || Part::stream_with_length(reqwest::Body::from(opened), size);
    // A media type that is none is left out; Discord looks at the name anyway.
    if is_media_type(mime) {
        return part().mime_str(mime).map_err(|error| {
            ChannelError::internal("failed to describe a file").with_source(error)
        });
    }
    Ok(part())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_out_in_batches_that_discord_takes() {
        let file = Attachment::from_path("/a/b.bin");
        let item =
            |size| Item { index: 0, path: Path::new(""), file: &file, name: "b".into(), size };
        let mib = 1024 * 1024;
        let batch =
            |sizes: &[u64]| batch_length(&sizes.iter().map(|size| item(*size)).collect::<Vec<_>>());
        assert_eq!(batch(&[1; 12]), 10);
        assert_eq!(batch(&[10 * mib, 10 * mib, 10 * mib]), 2);
        assert_eq!(batch(&[10 * mib]), 1);
    }

    #[test]
    fn name_of_a_file_is_only_its_name() {
        let file = Attachment { name: Some("../a\"\n.png".into()), ..Attachment::from_path("/x") };
        assert_eq!(file_name(&file, Path::new("/x")), "a.png");
    }
}
