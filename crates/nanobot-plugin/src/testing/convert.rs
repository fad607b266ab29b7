//! The host's half of the conversion, as far as tests need it.

use std::path::PathBuf;
use std::time::Duration;

use nanobot_channel as domain;
use nanobot_protocol as wire;

pub(super) fn inbound(message: wire::MessageReceived) -> domain::InboundMessage {
    let files = message.attachments.into_iter();
    domain::InboundMessage {
        event_id: message.event_id,
        chat_id: message.chat.id,
        chat_kind: match message.chat.kind {
            wire::ChatKind::Direct => domain::ChatKind::Direct,
            wire::ChatKind::Group => domain::ChatKind::Group,
            wire::ChatKind::Channel => domain::ChatKind::Channel,
        },
        thread_id: message.thread_id,
        sender: domain::Sender {
            id: message.sender.id,
            aliases: message.sender.aliases,
            display_name: message.sender.display_name,
            is_bot: message.sender.is_bot,
        },
        text: message.text,
        attachments: files.map(attachment).collect(),
        reply_to: message.reply_to,
        sent_at_ms: message.sent_at_ms,
        session_key: message.session_key,
        metadata: message.metadata,
    }
}

fn attachment(file: wire::Attachment) -> domain::Attachment {
    let location = match (file.path, file.url) {
        (Some(path), _) => domain::Location::Path(PathBuf::from(path)),
        (None, url) => domain::Location::Url(url.expect("a file has a path or a url")),
    };
    domain::Attachment {
        kind: match file.kind {
            wire::AttachmentKind::Image => domain::AttachmentKind::Image,
            wire::AttachmentKind::Audio => domain::AttachmentKind::Audio,
            wire::AttachmentKind::Video => domain::AttachmentKind::Video,
            wire::AttachmentKind::File => domain::AttachmentKind::File,
        },
        location,
        mime: file.mime,
        name: file.name,
        size_bytes: file.size_bytes,
    }
}

pub(super) fn outbound(message: domain::OutboundMessage) -> wire::MessageSend {
    let files = message.attachments.into_iter();
    wire::MessageSend {
        delivery_id: message.delivery_id,
        chat: wire::ChatTarget { id: message.chat_id, thread_id: message.thread_id },
        text: message.text,
        kind: match message.kind {
            domain::OutboundKind::Final => wire::MessageKind::Final,
            domain::OutboundKind::Progress => wire::MessageKind::Progress,
            domain::OutboundKind::ToolHint => wire::MessageKind::ToolHint,
            domain::OutboundKind::Notice => wire::MessageKind::Notice,
        },
        attachments: files.map(crate::convert::attachment).collect(),
        reply_to: message.reply_to,
        attempt: message.attempt,
        metadata: message.metadata,
    }
}

pub(super) fn publication(message: wire::MessagePublish) -> domain::Publication {
    domain::Publication {
        channel: message.channel,
        chat_id: message.chat.id,
        thread_id: message.chat.thread_id,
        text: message.text,
        attachments: message.attachments.into_iter().map(attachment).collect(),
        reply_to: message.reply_to,
        metadata: message.metadata,
    }
}

pub(super) fn receipt(answer: wire::MessageSendAnswer) -> domain::Receipt {
    domain::Receipt { platform_ids: answer.platform_ids }
}

pub(super) fn acceptance(acceptance: domain::Acceptance) -> wire::MessageReceivedAnswer {
    let reason = match acceptance {
        domain::Acceptance::Accepted => None,
        domain::Acceptance::Denied => Some(wire::DeniedReason::Denied),
        domain::Acceptance::Duplicate => Some(wire::DeniedReason::Duplicate),
    };
    wire::MessageReceivedAnswer { accepted: reason.is_none(), reason }
}

pub(super) fn status(status: wire::ChannelStatus) -> domain::ChannelStatus {
    domain::ChannelStatus {
        state: match status.state {
            wire::ChannelState::Connecting => domain::ChannelState::Connecting,
            wire::ChannelState::Connected => domain::ChannelState::Connected,
            wire::ChannelState::Retrying => domain::ChannelState::Retrying,
            wire::ChannelState::LoginRequired => domain::ChannelState::LoginRequired,
            wire::ChannelState::Failed => domain::ChannelState::Failed,
        },
        message: status.message,
        retry_in: status.retry_in_ms.map(Duration::from_millis),
        account: status
            .account
            .map(|account| domain::Account { id: account.id, display_name: account.display_name }),
        last_event_ms: status.last_event_ms,
        last_success_ms: status.last_success_ms,
    }
}

pub(super) fn login_prompt(prompt: wire::LoginPrompt) -> domain::LoginPrompt {
    let data = prompt.data;
    match prompt.kind {
        wire::LoginPromptKind::Qr => domain::LoginPrompt::Qr {
            data,
            expires_in: prompt.expires_in_ms.map(Duration::from_millis),
        },
        wire::LoginPromptKind::Url => domain::LoginPrompt::Url(data),
        wire::LoginPromptKind::Code => domain::LoginPrompt::Code(data),
        wire::LoginPromptKind::Message => domain::LoginPrompt::Message(data),
    }
}
