use serde_json::{Value, json};

/// A message of a person, still without its id.
#[derive(Debug, Clone)]
pub struct IncomingDiscord {
    pub(super) channel: u64,
    pub(super) guild: Option<u64>,
    pub(super) message: Value,
}

impl IncomingDiscord {
    /// A text of a person in a private chat.
    #[must_use]
    pub fn private(channel: u64, text: &str) -> Self {
        let message = json!({
            "type": 0, "content": text, "attachments": [], "mentions": [],
            "author": {"id": "7", "username": "ada", "global_name": "Ada L", "bot": false},
        });
        Self { channel, guild: None, message }
    }

    /// A text of a person in a channel or thread of a server.
    #[must_use]
    pub fn in_guild(guild: u64, channel: u64, text: &str) -> Self {
        let written = Self { guild: Some(guild), ..Self::private(channel, text) };
        written.with("member", json!({"nick": "Countess"}))
    }

    /// The same from another person.
    #[must_use]
    pub fn from(self, person: u64, name: &str) -> Self {
        self.with("author", json!({"id": person.to_string(), "username": name, "bot": false}))
    }

    /// Marks that the text names the bot.
    #[must_use]
    pub fn with_mention(self) -> Self {
        let bot = json!({"id": super::BOT.to_string(), "username": "nano", "bot": true});
        self.with("mentions", json!([bot]))
    }

    /// Adds a file that lies at an address.
    #[must_use]
    pub fn with_file(mut self, id: u64, name: &str, url: &str, size: u64) -> Self {
        let file = json!({"id": id.to_string(), "filename": name, "url": url, "size": size});
        if let Some(files) = self.message["attachments"].as_array_mut() {
            files.push(file);
        }
        self
    }

    /// Sets any field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.message[field] = value.into();
        self
    }
}
