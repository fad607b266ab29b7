use std::path::Path;

use nanobot_channel as channel;
use nanobot_channel::{ChannelError, Delta, Location, OutboundMessage};
use nanobot_protocol as wire;

pub(crate) fn outbound(message: OutboundMessage) -> Result<wire::MessageSend, ChannelError> {
    let attachments =
        message.attachments.into_iter().map(sent_attachment).collect::<Result<_, _>>()?;
    Ok(wire::MessageSend {
        delivery_id: message.delivery_id,
        chat: wire::ChatTarget { id: message.chat_id, thread_id: message.thread_id },
        text: message.text,
        kind: match message.kind {
            channel::OutboundKind::Final => wire::MessageKind::Final,
            channel::OutboundKind::Progress => wire::MessageKind::Progress,
            channel::OutboundKind::ToolHint => wire::MessageKind::ToolHint,
            channel::OutboundKind::Notice => wire::MessageKind::Notice,
        },
        attachments,
        reply_to: message.reply_to,
        attempt: message.attempt,
        metadata: message.metadata,
    })
}

fn sent_attachment(attachment: channel::Attachment) -> Result<wire::Attachment, ChannelError> {
    let (path, url) = match attachment.location {
        Location::Path(path) => (Some(path_text(&path)?), None),
        Location::Url(url) => (None, Some(url)),
    };
    Ok(wire::Attachment {
        kind: match attachment.kind {
            channel::AttachmentKind::Image => wire::AttachmentKind::Image,
            channel::AttachmentKind::Audio => wire::AttachmentKind::Audio,
            channel::AttachmentKind::Video => wire::AttachmentKind::Video,
            channel::AttachmentKind::File => wire::AttachmentKind::File,
        },
        path,
        url,
        mime: attachment.mime,
        name: attachment.name,
        size_bytes: attachment.size_bytes,
    })
}

/// A path as the wire carries it.
pub(crate) fn path_text(path: &Path) -> Result<String, ChannelError> {
    path.to_str().map(ToOwned::to_owned).ok_or_else(|| {
        ChannelError::rejected(format!("path {} is not UTF-8", path.to_string_lossy()))
    })
}

pub(crate) fn receipt(answer: wire::MessageSendAnswer) -> channel::Receipt {
    channel::Receipt { platform_ids: answer.platform_ids }
}

pub(crate) fn stream_start(delta: &Delta<'_>) -> wire::StreamStart {
    wire::StreamStart {
        stream_id: delta.stream_id.to_owned(),
        delivery_id: delta.delivery_id.to_owned(),
        chat: wire::ChatTarget {
            id: delta.chat_id.to_owned(),
            thread_id: delta.thread_id.map(ToOwned::to_owned),
        },
        reply_to: delta.reply_to.map(ToOwned::to_owned),
        metadata: delta.metadata.clone(),
    }
}

pub(crate) fn stream_end(delta: &Delta<'_>, end: channel::StreamEnd) -> wire::StreamEnd {
    wire::StreamEnd {
        stream_id: delta.stream_id.to_owned(),
        text: delta.text.to_owned(),
        outcome: match end.outcome {
            channel::StreamOutcome::Complete => wire::StreamOutcome::Complete,
            channel::StreamOutcome::Interrupted => wire::StreamOutcome::Interrupted,
            channel::StreamOutcome::Failed => wire::StreamOutcome::Failed,
        },
        continues: end.continues,
    }
}
