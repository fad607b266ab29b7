use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::types::GatewayBot;
use super::{Api, ApiError, Channel, Id, Interaction, Message, Route};

const MESSAGES: &str = "/channels/{channel}/messages";
const MESSAGE: &str = "/channels/{channel}/messages/{message}";
const REACTION: &str = "/channels/{channel}/messages/{message}/reactions/{emoji}/@me";
const ORIGINAL: &str = "/webhooks/{application}/{token}/messages/@original";
/// The message is seen by who gave the command, and by nobody else.
/// See [Discord/message flags](https://docs.discord.com/developers/resources/message#message-object-message-flags).
const EPHEMERAL: u32 = 1 << 6;

/// A message to send. See [Discord/create message](https://docs.discord.com/developers/resources/message#create-message).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NewMessage<'a> {
    pub(crate) content: &'a str,
    /// At most 25 characters. Discord answers the same nonce with the message that is there.
    pub(crate) nonce: &'a str,
    pub(crate) enforce_nonce: bool,
    pub(crate) allowed_mentions: NoMentions,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_reference: Option<MessageReference>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<Value>,
}

/// Nobody is called, whoever the text names: the model must not be able to call everybody. Who is
/// answered is told, as with any answer of a person.
/// See [Discord/allowed mentions](https://docs.discord.com/developers/resources/message#allowed-mentions-object).
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct NoMentions {
    parse: [&'static str; 0],
    replied_user: bool,
}

impl NoMentions {
    pub(crate) fn new() -> Self {
        Self { parse: [], replied_user: true }
    }
}

/// See [Discord/message reference](https://docs.discord.com/developers/resources/message#message-reference-structure).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct MessageReference {
    pub(crate) message_id: Id,
    /// An answer is worth more than the reference to a message that somebody deleted.
    pub(crate) fail_if_not_exists: bool,
}

/// See [Discord/edit message](https://docs.discord.com/developers/resources/message#edit-message).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ContentEdit<'a> {
    pub(crate) content: &'a str,
    pub(crate) allowed_mentions: NoMentions,
}

impl<'a> ContentEdit<'a> {
    pub(crate) fn new(content: &'a str) -> Self {
        Self { content, allowed_mentions: NoMentions::new() }
    }
}

/// A file of a new message.
#[derive(Debug)]
pub(crate) struct UploadedFile {
    pub(crate) name: String,
    pub(crate) part: Part,
}

/// An emoji as it stands in an address: itself, or `name:id` if it is a server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Emoji(String);

impl Emoji {
    /// Reads an emoji of the config; None if it is empty.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        // As Discord shows it: `<:name:id>`, or `<a:name:id>`.
        let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
        let text = inner.map_or(text, |inner| inner.trim_start_matches('a').trim_matches(':'));
        let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
        (!encoded.is_empty()).then_some(Self(encoded))
    }
}

/// Most messages that are asked for at once.
/// See [Discord/get channel messages](https://docs.discord.com/developers/resources/message#get-channel-messages).
const PAGE_LENGTH: usize = 100;

/// Messages of a channel.
#[derive(Debug)]
pub(crate) struct Page {
    /// Those that can be read, oldest first.
    pub(crate) messages: Vec<Message>,
    /// The newest, also of those that cannot be read; none if there are no messages.
    pub(crate) last: Option<Id>,
    /// True if there may be more.
    pub(crate) is_full: bool,
}

impl Api {
    /// Where the gateway is, and how many sessions may still be begun.
    /// See [Discord/get gateway bot](https://docs.discord.com/developers/events/gateway#get-gateway-bot).
    pub(crate) async fn get_gateway(&self) -> Result<GatewayBot, ApiError> {
        self.get(&Route::new(Method::GET, "/gateway/bot", "/gateway/bot")).await
    }

    /// See [Discord/get channel](https://docs.discord.com/developers/resources/channel#get-channel).
    pub(crate) async fn get_channel(&self, channel: Id) -> Result<Channel, ApiError> {
        self.get(&Route::of_channel(Method::GET, channel, "", "GET /channels/{channel}")).await
    }

    /// Messages behind an id, at most 100.
    /// See [Discord/get channel messages](https://docs.discord.com/developers/resources/message#get-channel-messages).
    pub(crate) async fn messages_after(&self, channel: Id, after: Id) -> Result<Page, ApiError> {
        self.page(channel, &format!("?after={after}&limit={PAGE_LENGTH}")).await
    }

    /// The newest messages, oldest first, at most 100.
    pub(crate) async fn latest_messages(&self, channel: Id) -> Result<Vec<Message>, ApiError> {
        Ok(self.page(channel, &format!("?limit={PAGE_LENGTH}")).await?.messages)
    }

    async fn page(&self, channel: Id, query: &str) -> Result<Page, ApiError> {
        let rest = format!("/messages{query}");
        let route = Route::of_channel(Method::GET, channel, rest, "GET messages");
        Ok(Page::read(self.get(&route).await?))
    }

    pub(crate) async fn create_message(
        &self,
        channel: Id,
        message: &NewMessage<'_>,
    ) -> Result<Message, ApiError> {
        self.send(&Route::of_channel(Method::POST, channel, "/messages", MESSAGES), message).await
    }

    /// Sends a message with files, whose descriptions are in `message.attachments`.
    /// See [Discord/uploading files](https://docs.discord.com/developers/reference#uploading-files).
    pub(crate) async fn create_message_with_files(
        &self,
        channel: Id,
        message: &NewMessage<'_>,
        files: Vec<UploadedFile>,
    ) -> Result<Message, ApiError> {
        let json = serde_json::to_string(message).map_err(std::io::Error::from)?;
        let json = Part::text(json).mime_str("application/json").map_err(ApiError::transport)?;
        let mut form = Form::new().part("payload_json", json);
        for (index, file) in files.into_iter().enumerate() {
            form = form.part(format!("files[{index}]"), file.part.file_name(file.name));
        }
        self.upload(&Route::of_channel(Method::POST, channel, "/messages", MESSAGES), form).await
    }

    pub(crate) async fn edit_message(
        &self,
        channel: Id,
        message: Id,
        edit: &ContentEdit<'_>,
    ) -> Result<Message, ApiError> {
        let rest = format!("/messages/{message}");
        self.send(&Route::of_channel(Method::PATCH, channel, rest, MESSAGE), edit).await
    }

    /// See [Discord/delete message](https://docs.discord.com/developers/resources/message#delete-message).
    pub(crate) async fn delete_message(&self, channel: Id, message: Id) -> Result<(), ApiError> {
        let rest = format!("/messages/{message}");
        self.act(&Route::of_channel(Method::DELETE, channel, rest, "DELETE message")).await
    }

    /// Shows the typing sign for ten seconds.
    /// See [Discord/trigger typing indicator](https://docs.discord.com/developers/resources/channel#trigger-typing-indicator).
    pub(crate) async fn show_typing(&self, channel: Id) -> Result<(), ApiError> {
        self.act(&Route::of_channel(Method::POST, channel, "/typing", "typing")).await
    }

    /// See [Discord/create reaction](https://docs.discord.com/developers/resources/message#create-reaction).
    pub(crate) async fn react(
        &self,
        channel: Id,
        message: Id,
        emoji: &Emoji,
    ) -> Result<(), ApiError> {
        self.act(&reaction(Method::PUT, channel, message, emoji)).await
    }

    /// See [Discord/delete own reaction](https://docs.discord.com/developers/resources/message#delete-own-reaction).
    pub(crate) async fn take_reaction_back(
        &self,
        channel: Id,
        message: Id,
        emoji: &Emoji,
    ) -> Result<(), ApiError> {
        self.act(&reaction(Method::DELETE, channel, message, emoji)).await
    }

    /// Replaces the commands of the application.
    /// See [Discord/bulk overwrite global application commands](https://docs.discord.com/developers/interactions/application-commands#bulk-overwrite-global-application-commands).
    pub(crate) async fn set_commands(
        &self,
        application: Id,
        commands: &Value,
    ) -> Result<(), ApiError> {
        let path = format!("/applications/{application}/commands");
        let route = Route::new(Method::PUT, path, "/applications/{application}/commands");
        self.send::<IgnoredAny>(&route, commands).await.map(|_| ())
    }

    /// Says that the answer to a command will come. Must be called within three seconds.
    /// See [Discord/interaction callback](https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback).
    pub(crate) async fn defer_answer(&self, interaction: &Interaction) -> Result<(), ApiError> {
        self.call_back(interaction, &json!({"type": 5})).await
    }

    /// Answers a command with a line that only its giver sees.
    pub(crate) async fn answer_privately(
        &self,
        interaction: &Interaction,
        text: &str,
    ) -> Result<(), ApiError> {
        let data = json!({"content": text, "flags": EPHEMERAL});
        self.call_back(interaction, &json!({"type": 4, "data": data})).await
    }

    async fn call_back(&self, interaction: &Interaction, body: &Value) -> Result<(), ApiError> {
        let path = format!("/interactions/{}/{}/callback", interaction.id, interaction.token);
        let template = "/interactions/{interaction}/{token}/callback";
        let route = Route::of_interaction(Method::POST, path, interaction.id, template);
        self.send::<IgnoredAny>(&route, body).await.map(|_| ())
    }

    /// Puts the answer in the place of "thinking…".
    /// See [Discord/edit original interaction response](https://docs.discord.com/developers/interactions/receiving-and-responding#edit-original-interaction-response).
    pub(crate) async fn answer_interaction(
        &self,
        interaction: &Interaction,
        edit: &ContentEdit<'_>,
    ) -> Result<Message, ApiError> {
        let path = format!(
            "/webhooks/{}/{}/messages/@original",
            interaction.application_id, interaction.token
        );
        let route = Route::of_interaction(Method::PATCH, path, interaction.id, ORIGINAL);
        self.send(&route, edit).await
    }

    /// A call whose answer says nothing.
    async fn act(&self, route: &Route) -> Result<(), ApiError> {
        self.call(route, |request| request).await.map(|_| ())
    }
}

fn reaction(method: Method, channel: Id, message: Id, emoji: &Emoji) -> Route {
    let rest = format!("/messages/{message}/reactions/{}/@me", emoji.0);
    Route::of_channel(method, channel, rest, REACTION)
}

impl Page {
    fn read(messages: Vec<Value>) -> Self {
        let is_full = messages.len() >= PAGE_LENGTH;
        let id = |message: &Value| message["id"].as_str()?.parse().ok();
        let last = messages.iter().filter_map(id).max();
        let mut messages: Vec<Message> = messages.into_iter().filter_map(read_message).collect();
        messages.sort_by_key(|message| message.id);
        Self { messages, last, is_full }
    }
}

/// A message of a new kind that cannot be read must not hold up all others.
fn read_message(message: Value) -> Option<Message> {
    let read = serde_json::from_value(message);
    read.inspect_err(|error| tracing::warn!(%error, "Skipped a message that could not be read."))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_is_encoded_for_an_address() {
        let read = |text: &str| Emoji::read(text).map(|emoji| emoji.0);
        assert_eq!(read("👀").as_deref(), Some("%F0%9F%91%80"));
        assert_eq!(read("<:a:1>"), read("a:1"));
        assert_eq!(read(" "), None);
    }
}
