//! Wire types to domain types and back; the only file of the plugin's side that knows both.

use std::path::PathBuf;
use std::time::Duration;

use nanobot_channel as domain;
use nanobot_channel::{ChannelError, Description};
use nanobot_plugin_link::LinkError;
use nanobot_protocol as wire;
use nanobot_protocol::ErrorObject;

/// Deltas of one stream that the host may have on their way.
const STREAM_WINDOW: u32 = 4;

pub(crate) fn description(of: &Description, protocol_version: u32) -> wire::InitializeAnswer {
    let Description { name, display_name, .. } = of;
    wire::InitializeAnswer {
        protocol_version,
        plugin: wire::Product {
            name: format!("nanobot-channel-{name}"),
            version: of.version.clone(),
        },
        channel: wire::ChannelInfo { kind: name.clone(), display_name: display_name.clone() },
        capabilities: capabilities(of.capabilities),
        config_schema: of.config_schema.clone(),
        default_config: of.default_config.clone(),
        limits: wire::Limits::default(),
    }
}

fn capabilities(of: domain::Capabilities) -> wire::PluginCapabilities {
    let window = STREAM_WINDOW;
    wire::PluginCapabilities {
        streaming: of.streaming.then_some(wire::StreamingCapability { window }),
        login: of.login.then_some(wire::Empty {}),
        deduplicates: of.deduplicates.then_some(wire::Empty {}),
        vouches: None,
    }
}

pub(crate) fn inbound(message: domain::InboundMessage) -> wire::MessageReceived {
    wire::MessageReceived {
        event_id: message.event_id,
        chat: wire::Chat {
            id: message.chat_id,
            kind: match message.chat_kind {
                domain::ChatKind::Direct => wire::ChatKind::Direct,
                domain::ChatKind::Group => wire::ChatKind::Group,
                domain::ChatKind::Channel => wire::ChatKind::Channel,
            },
        },
        thread_id: message.thread_id,
        sender: sender(message.sender),
        text: message.text,
        format: wire::TextFormat::default(),
        attachments: message.attachments.into_iter().map(attachment).collect(),
        reply_to: message.reply_to,
        sent_at_ms: message.sent_at_ms,
        session_key: message.session_key,
        metadata: message.metadata,
    }
}

pub(crate) fn sender(sender: domain::Sender) -> wire::Sender {
    wire::Sender {
        id: sender.id,
        aliases: sender.aliases,
        display_name: sender.display_name,
        is_bot: sender.is_bot,
        vouched: false,
    }
}

/// What a host offers beside taking messages.
pub(crate) fn offers(of: &wire::HostCapabilities) -> domain::Offers {
    domain::Offers { transcription: of.transcription.is_some(), publish: of.publish.is_some() }
}

pub(crate) fn publication(message: domain::Publication) -> wire::MessagePublish {
    wire::MessagePublish {
        channel: message.channel,
        chat: wire::ChatTarget { id: message.chat_id, thread_id: message.thread_id },
        text: message.text,
        attachments: message.attachments.into_iter().map(attachment).collect(),
        reply_to: message.reply_to,
        metadata: message.metadata,
    }
}

pub(crate) fn attachment(file: domain::Attachment) -> wire::Attachment {
    let (path, url) = match file.location {
        domain::Location::Path(path) => (Some(path.to_string_lossy().into_owned()), None),
        domain::Location::Url(url) => (None, Some(url)),
    };
    wire::Attachment {
        kind: match file.kind {
            domain::AttachmentKind::Image => wire::AttachmentKind::Image,
            domain::AttachmentKind::Audio => wire::AttachmentKind::Audio,
            domain::AttachmentKind::Video => wire::AttachmentKind::Video,
            domain::AttachmentKind::File => wire::AttachmentKind::File,
        },
        path,
        url,
        mime: file.mime,
        name: file.name,
        size_bytes: file.size_bytes,
    }
}

pub(crate) fn acceptance(answer: &wire::MessageReceivedAnswer) -> domain::Acceptance {
    match (answer.accepted, answer.reason) {
        (true, _) => domain::Acceptance::Accepted,
        (false, Some(wire::DeniedReason::Duplicate)) => domain::Acceptance::Duplicate,
        (false, _) => domain::Acceptance::Denied,
    }
}

pub(crate) fn outbound(message: wire::MessageSend) -> domain::OutboundMessage {
    let files = message.attachments.into_iter();
    domain::OutboundMessage {
        delivery_id: message.delivery_id,
        chat_id: message.chat.id,
        thread_id: message.chat.thread_id,
        text: message.text,
        kind: match message.kind {
            wire::MessageKind::Final => domain::OutboundKind::Final,
            wire::MessageKind::Progress => domain::OutboundKind::Progress,
            wire::MessageKind::ToolHint => domain::OutboundKind::ToolHint,
            wire::MessageKind::Notice => domain::OutboundKind::Notice,
        },
        attachments: files.filter_map(outbound_attachment).collect(),
        reply_to: message.reply_to,
        attempt: message.attempt,
        metadata: message.metadata,
    }
}

/// None for a file that is nowhere, which the protocol forbids.
fn outbound_attachment(file: wire::Attachment) -> Option<domain::Attachment> {
    let location = match (file.path, file.url) {
        (Some(path), _) => domain::Location::Path(PathBuf::from(path)),
        (None, url) => domain::Location::Url(url?),
    };
    Some(domain::Attachment {
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
    })
}

pub(crate) fn receipt(receipt: &domain::Receipt) -> wire::MessageSendAnswer {
    wire::MessageSendAnswer { platform_ids: receipt.platform_ids.clone() }
}

pub(crate) fn stream_end(end: &wire::StreamEnd) -> domain::StreamEnd {
    domain::StreamEnd {
        outcome: match end.outcome {
            wire::StreamOutcome::Complete => domain::StreamOutcome::Complete,
            wire::StreamOutcome::Interrupted => domain::StreamOutcome::Interrupted,
            wire::StreamOutcome::Failed => domain::StreamOutcome::Failed,
        },
        continues: end.continues,
    }
}

pub(crate) fn status(status: domain::ChannelStatus) -> wire::ChannelStatus {
    wire::ChannelStatus {
        state: match status.state {
            domain::ChannelState::Connecting => wire::ChannelState::Connecting,
            domain::ChannelState::Connected => wire::ChannelState::Connected,
            domain::ChannelState::Retrying => wire::ChannelState::Retrying,
            domain::ChannelState::LoginRequired => wire::ChannelState::LoginRequired,
            domain::ChannelState::Failed => wire::ChannelState::Failed,
        },
        message: status.message,
        retry_in_ms: status.retry_in.map(milliseconds),
        account: status
            .account
            .map(|account| wire::Account { id: account.id, display_name: account.display_name }),
        last_event_ms: status.last_event_ms,
        last_success_ms: status.last_success_ms,
        error: None,
    }
}

/// The last word of a channel whose `run` returned by itself.
pub(crate) fn farewell(error: &ChannelError) -> wire::ChannelStatus {
    let state = match error.kind() {
        domain::ErrorKind::Auth => domain::ChannelState::LoginRequired,
        _ => domain::ChannelState::Failed,
    };
    wire::ChannelStatus {
        message: Some(error.report()),
        error: Some(error_object(error)),
        ..status(state.into())
    }
}

pub(crate) fn login_prompt(prompt: domain::LoginPrompt) -> wire::LoginPrompt {
    let (kind, data, expires_in) = match prompt {
        domain::LoginPrompt::Qr { data, expires_in } => {
            (wire::LoginPromptKind::Qr, data, expires_in)
        }
        domain::LoginPrompt::Url(url) => (wire::LoginPromptKind::Url, url, None),
        domain::LoginPrompt::Code(code) => (wire::LoginPromptKind::Code, code, None),
        domain::LoginPrompt::Message(text) => (wire::LoginPromptKind::Message, text, None),
    };
    wire::LoginPrompt { kind, data, expires_in_ms: expires_in.map(milliseconds) }
}

pub(crate) fn error_object(error: &ChannelError) -> ErrorObject {
    let kind = match error.kind() {
        domain::ErrorKind::Invalid => wire::ErrorKind::Invalid,
        domain::ErrorKind::Unsupported => wire::ErrorKind::Unsupported,
        domain::ErrorKind::Cancelled => wire::ErrorKind::Cancelled,
        domain::ErrorKind::Overloaded => wire::ErrorKind::Overloaded,
        domain::ErrorKind::NotReady => wire::ErrorKind::NotReady,
        domain::ErrorKind::Auth => wire::ErrorKind::Auth,
        domain::ErrorKind::RateLimited => wire::ErrorKind::RateLimited,
        domain::ErrorKind::Network => wire::ErrorKind::Network,
        domain::ErrorKind::Rejected => wire::ErrorKind::Rejected,
        domain::ErrorKind::NotFound => wire::ErrorKind::NotFound,
        _ => wire::ErrorKind::Internal,
    };
    ErrorObject {
        code: kind.code(),
        message: error.report(),
        data: Some(wire::ErrorData {
            kind,
            retry_after_ms: error.retry_after().map(milliseconds),
            hint: error.hint().map(ToOwned::to_owned),
        }),
    }
}

pub(crate) fn channel_error(object: ErrorObject) -> ChannelError {
    let kind = match object.kind() {
        wire::ErrorKind::Invalid => domain::ErrorKind::Invalid,
        wire::ErrorKind::Unsupported => domain::ErrorKind::Unsupported,
        wire::ErrorKind::Cancelled => domain::ErrorKind::Cancelled,
        wire::ErrorKind::Overloaded => domain::ErrorKind::Overloaded,
        wire::ErrorKind::NotReady => domain::ErrorKind::NotReady,
        wire::ErrorKind::Auth => domain::ErrorKind::Auth,
        wire::ErrorKind::RateLimited => domain::ErrorKind::RateLimited,
        wire::ErrorKind::Network => domain::ErrorKind::Network,
        wire::ErrorKind::Rejected => domain::ErrorKind::Rejected,
        wire::ErrorKind::NotFound => domain::ErrorKind::NotFound,
        wire::ErrorKind::Internal => domain::ErrorKind::Internal,
    };
    let mut error = ChannelError::new(kind, object.message);
    if let Some(data) = object.data {
        if let Some(wait) = data.retry_after_ms {
            error = error.with_retry_after(Duration::from_millis(wait));
        }
        if let Some(hint) = data.hint {
            error = error.with_hint(hint);
        }
    }
    error
}

pub(crate) fn link_error(error: LinkError) -> ChannelError {
    match error {
        LinkError::Refused(object) => channel_error(object),
        LinkError::TooLong { .. } => {
            ChannelError::rejected("the message is too long for the gateway").with_source(error)
        }
        LinkError::Closed => {
            ChannelError::new(domain::ErrorKind::NotReady, "the gateway is gone").with_source(error)
        }
        error => ChannelError::internal("failed to ask the gateway").with_source(error),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
