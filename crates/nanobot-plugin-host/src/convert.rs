//! Between the types of the wire and those of the channel trait; nothing else knows both.

use std::path::Path;
use std::time::Duration;

use nanobot_channel as channel;
use nanobot_channel::{ChannelError, Delta, Description, Location, OutboundMessage};
use nanobot_plugin_link::LinkError;
use nanobot_protocol as wire;

use crate::bounds::{check_message, check_publication, check_sender};
use crate::folders::Folders;
use crate::media::locate;

/// Longest text of an error or status that is passed on, in bytes; it goes to logs and status pages.
const MESSAGE_BYTES: usize = 2 * 1024;

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

pub(crate) fn status(status: wire::ChannelStatus) -> channel::ChannelStatus {
    let told = status.message.or(status.error.map(|error| error.message));
    channel::ChannelStatus {
        state: match status.state {
            wire::ChannelState::Connecting => channel::ChannelState::Connecting,
            wire::ChannelState::Connected => channel::ChannelState::Connected,
            wire::ChannelState::Retrying => channel::ChannelState::Retrying,
            wire::ChannelState::LoginRequired => channel::ChannelState::LoginRequired,
            wire::ChannelState::Failed => channel::ChannelState::Failed,
        },
        message: told.map(shortened),
        retry_in: status.retry_in_ms.map(Duration::from_millis),
        account: status
            .account
            .map(|account| channel::Account { id: account.id, display_name: account.display_name }),
        last_event_ms: status.last_event_ms,
        last_success_ms: status.last_success_ms,
    }
}

pub(crate) fn login_prompt(prompt: wire::LoginPrompt) -> channel::LoginPrompt {
    let data = prompt.data;
    match prompt.kind {
        wire::LoginPromptKind::Qr => channel::LoginPrompt::Qr {
            data,
            expires_in: prompt.expires_in_ms.map(Duration::from_millis),
        },
        wire::LoginPromptKind::Url => channel::LoginPrompt::Url(data),
        wire::LoginPromptKind::Code => channel::LoginPrompt::Code(data),
        wire::LoginPromptKind::Message => channel::LoginPrompt::Message(data),
    }
}

/// What the host can do; before a channel runs, only what each can.
pub(crate) fn host_capabilities(offers: Option<channel::Offers>) -> wire::HostCapabilities {
    let offers = offers.unwrap_or_default();
    wire::HostCapabilities {
        sender_check: Some(wire::Empty {}),
        transcription: offers.transcription.then_some(wire::Empty {}),
        publish: offers.publish.then_some(wire::Empty {}),
    }
}

/// A description under the name that the plugin was found by; its section starts disabled and open
/// to nobody, whatever the plugin says.
pub(crate) fn description(name: &str, answer: wire::InitializeAnswer) -> Description {
    let mut default_config = answer.default_config;
    default_config.shift_remove("allow_from");
    default_config.insert("enabled".into(), false.into());
    default_config.insert("allowFrom".into(), serde_json::json!([]));
    Description {
        name: name.to_owned(),
        display_name: answer.channel.display_name,
        version: answer.plugin.version,
        capabilities: capabilities(&answer.capabilities),
        vouches: answer.capabilities.vouches.is_some(),
        default_config,
        config_schema: answer.config_schema,
    }
}

fn capabilities(capabilities: &wire::PluginCapabilities) -> channel::Capabilities {
    channel::Capabilities {
        streaming: capabilities.streaming.is_some(),
        login: capabilities.login.is_some(),
        deduplicates: capabilities.deduplicates.is_some(),
    }
}

/// An error that the plugin gave.
pub(crate) fn error(object: wire::ErrorObject) -> ChannelError {
    let kind = match object.kind() {
        wire::ErrorKind::Invalid => channel::ErrorKind::Invalid,
        wire::ErrorKind::Unsupported => channel::ErrorKind::Unsupported,
        wire::ErrorKind::Cancelled => channel::ErrorKind::Cancelled,
        wire::ErrorKind::Overloaded => channel::ErrorKind::Overloaded,
        wire::ErrorKind::NotReady => channel::ErrorKind::NotReady,
        wire::ErrorKind::Auth => channel::ErrorKind::Auth,
        wire::ErrorKind::RateLimited => channel::ErrorKind::RateLimited,
        wire::ErrorKind::Network => channel::ErrorKind::Network,
        wire::ErrorKind::Rejected => channel::ErrorKind::Rejected,
        wire::ErrorKind::NotFound => channel::ErrorKind::NotFound,
        wire::ErrorKind::Internal => channel::ErrorKind::Internal,
    };
    let mut error = ChannelError::new(kind, shortened(object.message));
    if let Some(data) = object.data {
        if let Some(wait_ms) = data.retry_after_ms {
            error = error.with_retry_after(Duration::from_millis(wait_ms));
        }
        if let Some(hint) = data.hint {
            error = error.with_hint(shortened(hint));
        }
    }
    error
}

/// An error that the plugin gets.
pub(crate) fn error_object(error: &ChannelError) -> wire::ErrorObject {
    let kind = match error.kind() {
        channel::ErrorKind::Invalid => wire::ErrorKind::Invalid,
        channel::ErrorKind::Unsupported => wire::ErrorKind::Unsupported,
        channel::ErrorKind::Cancelled => wire::ErrorKind::Cancelled,
        channel::ErrorKind::Overloaded => wire::ErrorKind::Overloaded,
        channel::ErrorKind::NotReady => wire::ErrorKind::NotReady,
        channel::ErrorKind::Auth => wire::ErrorKind::Auth,
        channel::ErrorKind::RateLimited => wire::ErrorKind::RateLimited,
        channel::ErrorKind::Network => wire::ErrorKind::Network,
        channel::ErrorKind::Rejected => wire::ErrorKind::Rejected,
        channel::ErrorKind::NotFound => wire::ErrorKind::NotFound,
        _ => wire::ErrorKind::Internal,
    };
    let mut object = wire::ErrorObject::new(kind, shortened(error.report()));
    object.data = Some(wire::ErrorData {
        kind,
        retry_after_ms: error.retry_after().map(whole_ms),
        hint: error.hint().map(ToOwned::to_owned),
    });
    object
}

/// An error that the link gave.
pub(crate) fn link_error(failure: LinkError) -> ChannelError {
    match failure {
        LinkError::Refused(object) => error(object),
        // It may have done what it was asked to: whether to repeat it is for the caller to judge.
        LinkError::Closed => ChannelError::network("the plugin went away during the call"),
        LinkError::Timeout { .. } => ChannelError::network(failure.to_string()),
        LinkError::TooLong { .. } => ChannelError::rejected(failure.to_string()),
        LinkError::BadAnswer { method, source } => {
            ChannelError::internal(format!("answer to {method} is not valid")).with_source(source)
        }
        _ => ChannelError::internal(failure.to_string()),
    }
}

/// A time for the wire, never shorter than it is.
pub(crate) fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// The answer to what is too much at once.
pub(crate) fn overloaded(retry_after: Duration) -> wire::ErrorObject {
    let kind = channel::ErrorKind::Overloaded;
    let error = ChannelError::new(kind, "too many messages without an answer");
    error_object(&error.with_retry_after(retry_after))
}

fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_kind_time_and_hint_both_ways() {
        let error = ChannelError::new(channel::ErrorKind::RateLimited, "slow down")
            .with_retry_after(Duration::from_micros(1500))
            .with_hint("buy a bigger plan");
        let object = error_object(&error);
        assert_eq!(object.code, wire::ErrorKind::RateLimited.code());
        let back = super::error(object);
        assert_eq!(back.kind(), channel::ErrorKind::RateLimited);
        assert_eq!(back.retry_after(), Some(Duration::from_millis(2)));
        assert_eq!(back.hint(), Some("buy a bigger plan"));
        assert_eq!(back.to_string(), "slow down");
    }

    #[test]
    fn every_kind_survives_the_way_there_and_back() {
        for kind in [
            channel::ErrorKind::Invalid,
            channel::ErrorKind::Unsupported,
            channel::ErrorKind::Cancelled,
            channel::ErrorKind::Overloaded,
            channel::ErrorKind::NotReady,
            channel::ErrorKind::Auth,
            channel::ErrorKind::RateLimited,
            channel::ErrorKind::Network,
            channel::ErrorKind::Rejected,
            channel::ErrorKind::NotFound,
            channel::ErrorKind::Internal,
        ] {
            let object = error_object(&ChannelError::new(kind, "no"));
            assert_eq!(error(object).kind(), kind);
        }
    }

    #[test]
    fn a_section_of_a_plugin_starts_disabled_and_open_to_nobody() {
        let answer = serde_json::json!({
            "protocol_version": 1,
            "plugin": {"name": "echo", "version": "2.0"},
            "channel": {"kind": "echo", "display_name": "Echo"},
            "default_config": {"enabled": true, "allowFrom": ["*"], "port": 1},
        });
        let description = description("echo", serde_json::from_value(answer).unwrap());
        let expected = serde_json::json!({"enabled": false, "allowFrom": [], "port": 1});
        assert_eq!(serde_json::Value::Object(description.default_config), expected);
    }
}
