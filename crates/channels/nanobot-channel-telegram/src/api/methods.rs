use std::time::Duration;

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{Api, ApiError, File, Sent, Update, User};

/// The `parse_mode` of formatted texts.
pub(crate) const HTML: &str = "HTML";

/// How much longer than its own timeout a long poll may take.
const POLL_GRACE: Duration = Duration::from_secs(15);

/// A chat by its id, or a public one by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum ChatRef {
    Id(i64),
    Name(String),
}

/// See [Bot API/getUpdates](https://core.telegram.org/bots/api#getupdates).
#[derive(Debug, Serialize)]
pub(crate) struct GetUpdates {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<i64>,
    pub(crate) limit: u8,
    /// In seconds.
    pub(crate) timeout: u64,
    pub(crate) allowed_updates: &'static [&'static str],
}

/// See [Bot API/sendMessage](https://core.telegram.org/bots/api#sendmessage).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SendMessage<'a> {
    pub(crate) chat_id: ChatRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_thread_id: Option<i64>,
    pub(crate) text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parse_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_parameters: Option<ReplyParameters>,
}

/// See [Bot API/sendMessageDraft](https://core.telegram.org/bots/api#sendmessagedraft).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SendDraft<'a> {
    /// Only people have drafts.
    pub(crate) chat_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_thread_id: Option<i64>,
    pub(crate) draft_id: u32,
    pub(crate) text: &'a str,
    pub(crate) parse_mode: &'static str,
}

/// See [Bot API/ReplyParameters](https://core.telegram.org/bots/api#replyparameters).
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct ReplyParameters {
    pub(crate) message_id: i64,
    /// An answer is worth more than the quotation of a message that somebody deleted.
    pub(crate) allow_sending_without_reply: bool,
}

/// See [Bot API/editMessageText](https://core.telegram.org/bots/api#editmessagetext).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EditText<'a> {
    pub(crate) chat_id: ChatRef,
    pub(crate) message_id: i64,
    pub(crate) text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parse_mode: Option<&'static str>,
}

/// See [Bot API/setWebhook](https://core.telegram.org/bots/api#setwebhook).
#[derive(Debug, Serialize)]
pub(crate) struct SetWebhook<'a> {
    pub(crate) url: &'a str,
    pub(crate) secret_token: &'a str,
    pub(crate) max_connections: u8,
    pub(crate) allowed_updates: &'static [&'static str],
}

impl Api {
    /// See [Bot API/getMe](https://core.telegram.org/bots/api#getme).
    pub(crate) async fn get_me(&self) -> Result<User, ApiError> {
        self.call("getMe", &json!({})).await
    }

    pub(crate) async fn get_updates(&self, params: &GetUpdates) -> Result<Vec<Update>, ApiError> {
        let limit = Duration::from_secs(params.timeout) + POLL_GRACE;
        let updates: Vec<Value> = self.call_within(limit, "getUpdates", params).await?;
        Ok(updates.into_iter().filter_map(Update::read).collect())
    }

    pub(crate) async fn send_message(&self, params: &SendMessage<'_>) -> Result<Sent, ApiError> {
        self.call("sendMessage", params).await
    }

    pub(crate) async fn send_draft(&self, params: &SendDraft<'_>) -> Result<(), ApiError> {
        self.act("sendMessageDraft", params).await
    }

    pub(crate) async fn edit_text(&self, params: &EditText<'_>) -> Result<(), ApiError> {
        self.act("editMessageText", params).await
    }

    /// See [Bot API/deleteMessage](https://core.telegram.org/bots/api#deletemessage).
    pub(crate) async fn delete_message(&self, chat: &ChatRef, id: i64) -> Result<(), ApiError> {
        self.act("deleteMessage", &json!({"chat_id": chat, "message_id": id})).await
    }

    /// See [Bot API/sendChatAction](https://core.telegram.org/bots/api#sendchataction).
    pub(crate) async fn show_typing(&self, chat: i64, thread: Option<i64>) -> Result<(), ApiError> {
        let mut params = json!({"chat_id": chat, "action": "typing"});
        if let Some(thread) = thread {
            params["message_thread_id"] = thread.into();
        }
        self.act("sendChatAction", &params).await
    }

    /// Sets the bot's reaction, or takes it back.
    /// See [Bot API/setMessageReaction](https://core.telegram.org/bots/api#setmessagereaction).
    pub(crate) async fn react(
        &self,
        chat: &ChatRef,
        message: i64,
        emoji: Option<&str>,
    ) -> Result<(), ApiError> {
        let reaction: Vec<Value> =
            emoji.map(|emoji| json!({"type": "emoji", "emoji": emoji})).into_iter().collect();
        let params = json!({"chat_id": chat, "message_id": message, "reaction": reaction});
        self.act("setMessageReaction", &params).await
    }

    /// See [Bot API/setMyCommands](https://core.telegram.org/bots/api#setmycommands).
    pub(crate) async fn set_commands(&self, commands: &[(&str, &str)]) -> Result<(), ApiError> {
        let commands: Vec<Value> = commands
            .iter()
            .map(|(command, description)| json!({"command": command, "description": description}))
            .collect();
        self.act("setMyCommands", &json!({"commands": commands})).await
    }

    pub(crate) async fn set_webhook(&self, params: &SetWebhook<'_>) -> Result<(), ApiError> {
        self.act("setWebhook", params).await
    }

    /// Ends webhook mode and keeps the updates that wait.
    /// See [Bot API/deleteWebhook](https://core.telegram.org/bots/api#deletewebhook).
    pub(crate) async fn delete_webhook(&self) -> Result<(), ApiError> {
        self.act("deleteWebhook", &json!({"drop_pending_updates": false})).await
    }

    /// See [Bot API/getFile](https://core.telegram.org/bots/api#getfile).
    pub(super) async fn get_file(&self, file_id: &str) -> Result<File, ApiError> {
        self.call("getFile", &json!({"file_id": file_id})).await
    }

    /// A call whose result says nothing.
    async fn act(&self, method: &str, params: &impl Serialize) -> Result<(), ApiError> {
        self.call::<IgnoredAny>(method, params).await.map(|_| ())
    }
}
