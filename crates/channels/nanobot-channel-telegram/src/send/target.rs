use std::sync::PoisonError;

use nanobot_channel::{ChannelError, ErrorKind, Metadata};

use super::Speaker;
use crate::api::{ChatRef, ReplyParameters};

/// The topic "General" of a forum has this id, but a message to it must not name it.
const GENERAL_TOPIC: i64 = 1;

/// Where a message goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) chat: ChatRef,
    pub(super) thread: Option<i64>,
    pub(super) reply: Option<ReplyParameters>,
    /// Names the message that is answered, whether it is quoted or not.
    pub(super) question: Option<String>,
}

impl Target {
    /// Groups have negative ids, and only they and channels have public names that can be used.
    pub(super) fn is_group(&self) -> bool {
        !matches!(self.chat, ChatRef::Id(id) if id > 0)
    }
}

impl Speaker {
    pub(super) fn target(
        &self,
        chat_id: &str,
        thread_id: Option<&str>,
        reply_to: Option<&str>,
        metadata: &Metadata,
    ) -> Result<Target, ChannelError> {
        let thread = thread_id.and_then(|thread| thread.parse().ok());
        let question = reply_to.and_then(|id| id.parse().ok()).or_else(|| question(metadata));
        let reply = question
            .filter(|_| self.quotes_question)
            .map(|message_id| ReplyParameters { message_id, allow_sending_without_reply: true });
        Ok(Target {
            chat: self.current(chat(chat_id)?),
            thread: thread.filter(|thread| *thread != GENERAL_TOPIC),
            reply,
            question: question.map(|id| format!("{chat_id}/{id}")),
        })
    }

    /// Remembers that a group has a new id. See [Bot API/ResponseParameters].
    ///
    /// [Bot API/ResponseParameters]: https://core.telegram.org/bots/api#responseparameters
    pub(super) fn note_moved(&self, from: &ChatRef, to: i64) {
        if let ChatRef::Id(from) = from {
            tracing::info!("A group became a supergroup; its messages go there now.");
            self.moved.lock().unwrap_or_else(PoisonError::into_inner).insert(*from, to);
        }
    }

    fn current(&self, chat: ChatRef) -> ChatRef {
        let ChatRef::Id(id) = chat else { return chat };
        let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        ChatRef::Id(moved.get(&id).copied().unwrap_or(id))
    }
}

/// The message of Telegram that is being answered.
pub(super) fn question(metadata: &Metadata) -> Option<i64> {
    metadata.get("message_id").and_then(serde_json::Value::as_i64)
}

fn chat(id: &str) -> Result<ChatRef, ChannelError> {
    let id = id.trim();
    if let Ok(id) = id.parse() {
        return Ok(ChatRef::Id(id));
    }
    if id.len() > 1 && id.starts_with('@') {
        return Ok(ChatRef::Name(id.to_owned()));
    }
    Err(ChannelError::new(ErrorKind::NotFound, "the chat id is neither a number nor a @name"))
}
