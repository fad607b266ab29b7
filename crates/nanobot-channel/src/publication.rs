use crate::{Attachment, Metadata};

/// A message that one channel sends through another.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// Name of the other channel's section in the config.
    pub channel: String,
    /// Chat on that channel.
    pub chat_id: String,
    /// Sub-conversation inside the chat.
    pub thread_id: Option<String>,
    /// CommonMark.
    pub text: String,
    /// Files to attach; those of this machine lie in the sending channel's folders.
    pub attachments: Vec<Attachment>,
    /// Platform id of the message it answers.
    pub reply_to: Option<String>,
    /// Goes to the other channel with the message.
    pub metadata: Metadata,
}

impl Publication {
    /// A text for a chat of another channel.
    #[must_use]
    pub fn new(
        channel: impl Into<String>,
        chat_id: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            channel: channel.into(),
            chat_id: chat_id.into(),
            thread_id: None,
            text: text.into(),
            attachments: Vec::new(),
            reply_to: None,
            metadata: Metadata::new(),
        }
    }
}
