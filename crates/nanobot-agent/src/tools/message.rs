//! The tool `message`.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::message::{Message, Role};
use crate::outbox::{OutboxMessage, Posted};
use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};

use super::folders::{Access, Folders};
use super::{blocking, spec};

/// Most files of one message.
const MAX_FILES: usize = 10;
/// Name of the tool.
const NAME: &str = "message";
/// How a result begins when a message went to the chat of the turn.
const ANSWERED: &str = "Sent to this chat.";

/// Said when the message may be the whole answer.
const LAST_WORD: &str =
    "It counts as your answer: end without a word now, unless there is more to do with tools.";
/// Said when the turn was run again.
const REPEATED: &str =
    "(A message was sent at this point already, before an interruption; it was not sent again.)";

/// Whether an entry of the history says that something was sent to the chat of its turn.
pub(crate) fn is_answer(entry: &Message) -> bool {
    entry.role == Role::Tool
        && entry.extra.get("name").is_some_and(|name| name == NAME)
        && entry.content.starts_with(ANSWERED)
}

/// Sends a message to this or another chat.
pub(super) struct SendMessage {
    folders: Arc<Folders>,
}

impl SendMessage {
    pub(super) fn new(folders: &Arc<Folders>) -> Self {
        Self { folders: Arc::clone(folders) }
    }

    /// Only files of the workspace and of the media folder: whatever the agent may read, it must
    /// not be talked into sending keys or other people's files around.
    fn attach(&self, typed: &str) -> Result<PathBuf, ToolError> {
        let real = self.folders.locate(typed, Access::Read)?;
        if !self.folders.may_be_sent(&real) {
            return Err(ToolError::new(format!(
                "{typed} may not be sent; only files of the workspace and received files may"
            )));
        }
        if !real.is_file() {
            return Err(ToolError::new(format!("{typed} is not a file")));
        }
        Ok(real)
    }
}

#[async_trait]
impl Tool for SendMessage {
    fn spec(&self) -> ToolSpec {
        spec(
            NAME,
            "Sends a message, with files if wanted, to this chat or to another one. Your plain \
             answer reaches the person anyway: use this to send files, to write to another chat, \
             or to say something before you use more tools.",
            &[
                ("content*", "string", "Text"),
                ("channel", "string", "Channel, this one unless given"),
                ("chat_id", "string", "Chat, this one unless given"),
                ("media", "strings", "Paths of files to attach"),
            ],
        )
    }

    fn is_offered(&self, cx: &ToolContext<'_>) -> bool {
        cx.outbox.is_some()
    }

    async fn call(&self, arguments: &Arguments, cx: &ToolContext<'_>) -> Result<String, ToolError> {
        let outbox = cx.outbox.ok_or_else(|| ToolError::new("messages cannot be sent here"))?;
        let channel = arguments.optional_text("channel").unwrap_or(cx.channel);
        let chat_id = arguments.optional_text("chat_id");
        if channel != cx.channel && chat_id.is_none() {
            return Err(ToolError::new("another channel needs a chat_id"));
        }
        let chat_id = chat_id.unwrap_or(cx.chat_id);
        let typed: Vec<String> =
            arguments.texts("media").into_iter().map(str::to_owned).take(MAX_FILES).collect();
        let this = Self::new(&self.folders);
        let media =
            blocking(move || typed.iter().map(|typed| this.attach(typed)).collect()).await?;
        let is_to_origin = (channel, chat_id) == (cx.channel, cx.chat_id);
        let message = OutboxMessage {
            key: cx.place.clone(),
            channel: channel.to_owned(),
            chat_id: chat_id.to_owned(),
            is_to_origin,
            text: arguments.text("content")?.to_owned(),
            media,
        };
        let posted = outbox.send(message).await;
        let posted = posted.map_err(|error| ToolError::new(error.to_string()))?;
        Ok(match (posted, is_to_origin) {
            (Posted::Now, true) => format!("{ANSWERED} {LAST_WORD}"),
            (Posted::Before, true) => format!("{ANSWERED} {REPEATED} {LAST_WORD}"),
            (Posted::Now, false) => format!("Sent to {channel}:{chat_id}."),
            (Posted::Before, false) => format!("{REPEATED} Call again if this is another message."),
        })
    }
}
