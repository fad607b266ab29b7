use nanobot_protocol::{
    Attachment, AudioTranscribe, ErrorKind, ErrorObject, MessagePublish, MessageReceived, Metadata,
    Sender,
};

const ID_BYTES: usize = 1024;
const NAME_BYTES: usize = 1024;
const MIME_BYTES: usize = 255;
const URL_BYTES: usize = 8 * 1024;
const PATH_BYTES: usize = 4 * 1024;
const TEXT_BYTES: usize = 1024 * 1024;
const METADATA_BYTES: usize = 64 * 1024;
const ALIASES: usize = 32;
const ATTACHMENTS: usize = 32;

type Checked = Result<(), ErrorObject>;

/// Checks the sizes of a received message: everything in it is stored, and comes back with replies.
pub(crate) fn check_message(message: &MessageReceived) -> Checked {
    if message.chat.id.is_empty() {
        return Err(rejected("chat.id is empty"));
    }
    within("chat.id", message.chat.id.len(), ID_BYTES)?;
    optional("event_id", message.event_id.as_ref(), ID_BYTES)?;
    optional("thread_id", message.thread_id.as_ref(), ID_BYTES)?;
    optional("reply_to", message.reply_to.as_ref(), ID_BYTES)?;
    optional("session_key", message.session_key.as_ref(), ID_BYTES)?;
    within("text", message.text.len(), TEXT_BYTES)?;
    within("metadata", size_of_metadata(&message.metadata), METADATA_BYTES)?;
    check_sender(&message.sender)?;
    within("attachments", message.attachments.len(), ATTACHMENTS)?;
    message.attachments.iter().try_for_each(check_attachment)
}

/// Checks the sizes of a message to another channel, which is stored as well.
pub(crate) fn check_publication(message: &MessagePublish) -> Checked {
    within("channel", message.channel.len(), ID_BYTES)?;
    within("chat.id", message.chat.id.len(), ID_BYTES)?;
    optional("chat.thread_id", message.chat.thread_id.as_ref(), ID_BYTES)?;
    optional("reply_to", message.reply_to.as_ref(), ID_BYTES)?;
    within("text", message.text.len(), TEXT_BYTES)?;
    within("metadata", size_of_metadata(&message.metadata), METADATA_BYTES)?;
    within("attachments", message.attachments.len(), ATTACHMENTS)?;
    message.attachments.iter().try_for_each(check_attachment)
}

pub(crate) fn check_recording(recording: &AudioTranscribe) -> Checked {
    within("path", recording.path.len(), PATH_BYTES)
}

pub(crate) fn check_sender(sender: &Sender) -> Checked {
    within("sender.id", sender.id.len(), ID_BYTES)?;
    optional("sender.display_name", sender.display_name.as_ref(), NAME_BYTES)?;
    within("sender.aliases", sender.aliases.len(), ALIASES)?;
    let longest = sender.aliases.iter().map(String::len).max();
    within("sender.aliases", longest.unwrap_or(0), ID_BYTES)
}

fn check_attachment(attachment: &Attachment) -> Checked {
    optional("attachment.path", attachment.path.as_ref(), PATH_BYTES)?;
    optional("attachment.url", attachment.url.as_ref(), URL_BYTES)?;
    optional("attachment.mime", attachment.mime.as_ref(), MIME_BYTES)?;
    optional("attachment.name", attachment.name.as_ref(), NAME_BYTES)
}

fn optional(field: &str, value: Option<&String>, limit: usize) -> Checked {
    within(field, value.map_or(0, String::len), limit)
}

fn within(field: &str, size: usize, limit: usize) -> Checked {
    if size <= limit {
        return Ok(());
    }
    Err(rejected(format!("{field} is too large: {size}, at most {limit} is taken")))
}

pub(crate) fn rejected(message: impl Into<String>) -> ErrorObject {
    ErrorObject::new(ErrorKind::Rejected, message)
}

/// Size as JSON, counted without writing it anywhere.
fn size_of_metadata(metadata: &Metadata) -> usize {
    struct Counter(usize);

    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let mut counter = Counter(0);
    if !metadata.is_empty() {
        serde_json::to_writer(&mut counter, metadata).expect("a counter takes every byte");
    }
    counter.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(change: impl FnOnce(&mut MessageReceived)) -> Result<(), String> {
        let json = r#"{"chat":{"id":"c"},"sender":{"id":"s"},"text":"hi"}"#;
        let mut message: MessageReceived = serde_json::from_str(json).unwrap();
        change(&mut message);
        check_message(&message).map_err(|error| error.message)
    }

    #[test]
    fn what_is_too_large_is_rejected_with_the_name_of_its_field() {
        assert_eq!(message(|_| {}), Ok(()));
        let long = |message: &mut MessageReceived| message.text = "a".repeat(TEXT_BYTES + 1);
        let expected = "text is too large: 1048577, at most 1048576 is taken";
        assert_eq!(message(long), Err(expected.into()));
        let deep = |message: &mut MessageReceived| {
            let value = "a".repeat(METADATA_BYTES);
            message.metadata.insert("k".into(), value.into());
        };
        assert!(message(deep).unwrap_err().starts_with("metadata is"));
        let many = |message: &mut MessageReceived| message.sender.aliases = vec!["a".into(); 33];
        assert!(message(many).unwrap_err().starts_with("sender.aliases is"));
        let empty = |message: &mut MessageReceived| message.chat.id.clear();
        assert_eq!(message(empty), Err("chat.id is empty".into()));
    }
}
