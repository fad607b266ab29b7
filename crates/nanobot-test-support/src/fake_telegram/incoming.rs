use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// A message of a person, still without its id.
/// See [Bot API/Message](https://core.telegram.org/bots/api#message).
#[derive(Debug, Clone)]
pub struct Incoming {
    kind: &'static str,
    message: Value,
}

impl Incoming {
    /// A message of a person in private, with any content.
    #[must_use]
    pub fn from_person(person: i64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("Person {person}");
        let username = format!("person{person}");
        let message = json!({
            "date": now.as_secs(),
            "from": {"id": person, "is_bot": false, "first_name": name, "username": username},
            "chat": {"id": person, "type": "private", "first_name": name, "username": username},
        });
        Self { kind: "message", message }
    }

    /// A text of a person in private.
    #[must_use]
    pub fn text(person: i64, text: &str) -> Self {
        Self::from_person(person).with("text", text)
    }

    /// Moves the message into a group.
    #[must_use]
    pub fn in_group(self, group: i64) -> Self {
        self.with("chat", json!({"id": group, "type": "supergroup", "title": "Group"}))
    }

    /// Moves the message into a topic of a forum.
    #[must_use]
    pub fn in_topic(self, forum: i64, topic: i64) -> Self {
        let chat = json!({"id": forum, "type": "supergroup", "title": "Forum", "is_forum": true});
        self.with("chat", chat).with("message_thread_id", topic).with("is_topic_message", true)
    }

    /// Adds a photo in two sizes. Put the file `file_id` on the server too.
    #[must_use]
    pub fn with_photo(self, file_id: &str) -> Self {
        self.with(
            "photo",
            json!([
                {"file_id": "thumbnail", "file_unique_id": "t", "width": 90, "height": 60},
                {"file_id": file_id, "file_unique_id": format!("unique-{file_id}"),
                 "width": 1280, "height": 853, "file_size": 9},
            ]),
        )
    }

    /// Adds a file under a field such as `document` or `voice`.
    #[must_use]
    pub fn with_file(self, field: &str, file_id: &str, name: Option<&str>, size: u64) -> Self {
        let mut file = json!({
            "file_id": file_id, "file_unique_id": format!("unique-{file_id}"), "file_size": size,
        });
        if let Some(name) = name {
            file["file_name"] = name.into();
        }
        self.with(field, file)
    }

    /// Sets any field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.message[field] = value.into();
        self
    }

    /// Marks where the text names a bot, as the person's app does.
    #[must_use]
    pub fn with_mention(self, name: &str) -> Self {
        let text = self.message["text"].as_str().unwrap_or_default();
        let offset = text.split(name).next().unwrap_or_default().encode_utf16().count();
        let length = name.encode_utf16().count();
        self.with("entities", json!([{"type": "mention", "offset": offset, "length": length}]))
    }

    pub(super) fn into_parts(self) -> (&'static str, Value) {
        (self.kind, self.message)
    }
}
