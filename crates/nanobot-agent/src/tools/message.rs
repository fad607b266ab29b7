//! The tool `message`.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::outbox::OutboxMessage;
use crate::provider::ToolSpec;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};

use super::folders::{Access, Folders};
use super::{blocking, spec};

/// Most files of one message.
const MAX_FILES: usize = 10;

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
            "message",
            "Sends a message, with files if wanted, to this chat or to another one. Your plain \
             answer reaches the person anyway: use this to send files, to write to another chat, \
             or to say something before long work.",
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
            channel: channel.to_owned(),
            chat_id: chat_id.to_owned(),
            is_to_origin,
            text: arguments.text("content")?.to_owned(),
            media,
        };
        outbox.send(message).await.map_err(|error| ToolError::new(error.to_string()))?;
        if is_to_origin {
            cx.note_answered();
            return Ok(
                "Sent to this chat. If nothing is left to say, end without a word.".to_owned()
            );
        }
        Ok(format!("Sent to {channel}:{chat_id}."))
    }
}
