use std::path::Path;

use nanobot_channel as channel;
use nanobot_protocol as wire;

use crate::bounds::{check_message, check_publication, check_sender};
use crate::folders::Folders;
use crate::media::locate;

pub(crate) fn inbound(
    message: wire::MessageReceived,
    media_dir: &Path,
) -> Result<channel::InboundMessage, wire::ErrorObject> {
    check_message(&message)?;
    let attachments = attachments(message.attachments, &[media_dir])?;
    Ok(channel::InboundMessage {
        event_id: message.event_id,
        chat_id: message.chat.id,
        chat_kind: match message.chat.kind {
            wire::ChatKind::Direct => channel::ChatKind::Direct,
            wire::ChatKind::Group => channel::ChatKind::Group,
            wire::ChatKind::Channel => channel::ChatKind::Channel,
        },
        thread_id: message.thread_id,
        sender: to_sender(message.sender),
        text: message.text,
        attachments,
        reply_to: message.reply_to,
        sent_at_ms: message.sent_at_ms,
        session_key: message.session_key,
        metadata: message.metadata,
    })
}

pub(crate) fn sender(sender: wire::Sender) -> Result<channel::Sender, wire::ErrorObject> {
    check_sender(&sender)?;
    Ok(to_sender(sender))
}

fn to_sender(sender: wire::Sender) -> channel::Sender {
    channel::Sender {
        id: sender.id,
        aliases: sender.aliases,
        display_name: sender.display_name,
        is_bot: sender.is_bot,
    }
}

pub(crate) fn publication(
    message: wire::MessagePublish,
    folders: &Folders,
) -> Result<channel::Publication, wire::ErrorObject> {
    check_publication(&message)?;
    let folders = [folders.media_dir.as_path(), folders.state_dir.as_path()];
    Ok(channel::Publication {
        channel: message.channel,
        chat_id: message.chat.id,
        thread_id: message.chat.thread_id,
        text: message.text,
        attachments: attachments(message.attachments, &folders)?,
        reply_to: message.reply_to,
        metadata: message.metadata,
    })
}

fn attachments(
    attachments: Vec<wire::Attachment>,
    folders: &[&Path],
) -> Result<Vec<channel::Attachment>, wire::ErrorObject> {
    attachments.into_iter().map(|attachment| plugins_attachment(attachment, folders)).collect()
}

/// A file that the plugin names.
fn plugins_attachment(
    attachment: wire::Attachment,
    folders: &[&Path],
) -> Result<channel::Attachment, wire::ErrorObject> {
    Ok(channel::Attachment {
        location: locate(&attachment, folders)?,
        kind: match attachment.kind {
            wire::AttachmentKind::Image => channel::AttachmentKind::Image,
            wire::AttachmentKind::Audio => channel::AttachmentKind::Audio,
            wire::AttachmentKind::Video => channel::AttachmentKind::Video,
            wire::AttachmentKind::File => channel::AttachmentKind::File,
        },
        mime: attachment.mime,
        name: attachment.name,
        size_bytes: attachment.size_bytes,
    })
}

pub(crate) fn acceptance(acceptance: channel::Acceptance) -> wire::MessageReceivedAnswer {
    let reason = match acceptance {
        channel::Acceptance::Accepted => None,
        channel::Acceptance::Duplicate => Some(wire::DeniedReason::Duplicate),
        channel::Acceptance::Denied => Some(wire::DeniedReason::Denied),
    };
    wire::MessageReceivedAnswer { accepted: reason.is_none(), reason }
}
