//! How large a message may be.

use nanobot_channel::{Attachment, ChannelError, InboundMessage, Metadata, Publication};

/// Longest text that is taken, in bytes.
const MAX_TEXT_BYTES: usize = 1024 * 1024;
/// Most files that a message may have.
const MAX_ATTACHMENTS: usize = 32;
/// Longest id of a chat, sender, event, session, in bytes.
const MAX_ID_BYTES: usize = 1024;
/// Most metadata that a message may carry, in bytes of JSON.
const MAX_METADATA_BYTES: usize = 64 * 1024;

/// Checks the sizes of a received message.
pub(super) fn check_message(message: &InboundMessage) -> Result<(), ChannelError> {
    let ids = [
        Some(message.chat_id.as_str()),
        Some(message.sender.id.as_str()),
        message.event_id.as_deref(),
        message.thread_id.as_deref(),
        message.session_key.as_deref(),
        message.reply_to.as_deref(),
    ];
    check(&message.chat_id, ids, &message.text, &message.attachments, &message.metadata)
}

/// Checks the sizes of a message to another channel.
pub(super) fn check_publication(message: &Publication) -> Result<(), ChannelError> {
    let ids = [
        Some(message.channel.as_str()),
        Some(message.chat_id.as_str()),
        message.thread_id.as_deref(),
        message.reply_to.as_deref(),
    ];
    check(&message.chat_id, ids, &message.text, &message.attachments, &message.metadata)
}

fn check<const N: usize>(
    chat_id: &str,
    ids: [Option<&str>; N],
    text: &str,
    attachments: &[Attachment],
    metadata: &Metadata,
) -> Result<(), ChannelError> {
    if chat_id.is_empty() {
        return Err(ChannelError::rejected("the message names no chat"));
    }
    if ids.into_iter().flatten().any(|id| id.len() > MAX_ID_BYTES) {
        return Err(too_large("an id of the message", MAX_ID_BYTES, "bytes"));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(too_large("the text", MAX_TEXT_BYTES, "bytes"));
    }
    if attachments.len() > MAX_ATTACHMENTS {
        return Err(too_large("the list of attachments", MAX_ATTACHMENTS, "entries"));
    }
    if !metadata.is_empty() && json_bytes(metadata) > MAX_METADATA_BYTES {
        return Err(too_large("the metadata", MAX_METADATA_BYTES, "bytes"));
    }
    Ok(())
}

fn json_bytes(metadata: &Metadata) -> usize {
    serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len())
}

fn too_large(what: &str, bound: usize, unit: &str) -> ChannelError {
    ChannelError::rejected(format!("{what} is too large, at most {bound} {unit} are taken"))
}

#[cfg(test)]
mod tests {
    use nanobot_channel::ErrorKind;

    use super::*;

    fn message() -> InboundMessage {
        InboundMessage::new("ada", "42", "hi")
    }

    #[test]
    fn what_is_too_large_is_rejected_and_says_the_bound() {
        #[track_caller]
        fn check(message: &InboundMessage, expected: &str) {
            let error = check_message(message).unwrap_err();
            assert_eq!((error.kind(), error.report()), (ErrorKind::Rejected, expected.to_owned()));
        }
        check_message(&message()).unwrap();
        check(
            &InboundMessage { text: "a".repeat(MAX_TEXT_BYTES + 1), ..message() },
            "the text is too large, at most 1048576 bytes are taken",
        );
        check(
            &InboundMessage { event_id: Some("e".repeat(2_000)), ..message() },
            "an id of the message is too large, at most 1024 bytes are taken",
        );
        check(
            &message().with_metadata("blob", "b".repeat(70_000)),
            "the metadata is too large, at most 65536 bytes are taken",
        );
        check(&InboundMessage { chat_id: String::new(), ..message() }, "the message names no chat");
    }

    #[test]
    fn a_message_to_another_channel_is_bounded_like_one_from_a_person() {
        let message = Publication::new("telegram", "42", "hi");
        assert!(check_publication(&message).is_ok());
        let long = Publication { text: "a".repeat(MAX_TEXT_BYTES + 1), ..message.clone() };
        assert_eq!(check_publication(&long).unwrap_err().kind(), ErrorKind::Rejected);
        let nowhere = Publication { chat_id: String::new(), ..message };
        assert_eq!(check_publication(&nowhere).unwrap_err().kind(), ErrorKind::Rejected);
    }
}
