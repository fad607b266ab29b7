use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::schema::inlined_schema_for;

/// A chat that the gateway itself writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatTarget {
    /// Name of the channel, as below `channels`.
    pub channel: String,
    /// The chat, as the channel names it.
    pub chat_id: String,
    /// Sub-conversation inside the chat.
    pub thread_id: Option<String>,
}

/// Something the gateway says at its start or end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// What it says; not given: a text of the gateway's own.
    pub text: Option<String>,
    /// Where it says it; empty: where the owner is told.
    pub to: Vec<ChatTarget>,
}

impl ChatTarget {
    /// Reads `"channel:chat"` or an object; `None` if it is neither.
    ///
    /// The channel ends at the first colon: chats of some platforms have colons of their own.
    pub(crate) fn read(value: &Value) -> Option<ChatTarget> {
        let target = match value {
            Value::String(text) => {
                let (channel, chat_id) = text.trim().split_once(':')?;
                ChatTarget::new(channel, chat_id, None)
            }
            Value::Object(_) => {
                let typed = TypedTarget::deserialize(value).ok()?;
                ChatTarget::new(&typed.channel, &typed.chat_id.0, typed.thread_id.map(|id| id.0))
            }
            _ => return None,
        };
        (!target.channel.is_empty() && !target.chat_id.is_empty()).then_some(target)
    }

    /// Reads one target or a list of them. What is no target is left out; the check has found it.
    fn read_all(value: &Value) -> Vec<ChatTarget> {
        match value {
            Value::Array(list) => list.iter().filter_map(ChatTarget::read).collect(),
            one => ChatTarget::read(one).into_iter().collect(),
        }
    }

    fn new(channel: &str, chat_id: &str, thread_id: Option<String>) -> ChatTarget {
        let (channel, chat_id) = (channel.trim().to_owned(), chat_id.trim().to_owned());
        ChatTarget { channel, chat_id, thread_id }
    }
}

/// A chat, written as an object.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TypedTarget {
    /// Name of the channel, as below `channels`.
    channel: String,
    /// The chat, as the channel names it.
    #[serde(alias = "chat_id")]
    #[schemars(schema_with = "text_or_integer")]
    chat_id: Id,
    /// Sub-conversation inside the chat.
    #[serde(alias = "thread_id", default)]
    #[schemars(schema_with = "text_or_integer")]
    thread_id: Option<Id>,
}

/// Platforms with numeric ids invite people to leave the quotes out.
struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            _ => Err(serde::de::Error::custom("an id is a text or a number")),
        }
    }
}

/// A notice, written as an object.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes what may be typed")]
struct TypedNotice {
    /// What it says; not given: a text of the gateway's own.
    text: Option<String>,
    /// Where it says it, like `ownerNotify`; not given: there.
    #[schemars(schema_with = "targets_schema")]
    to: Option<()>,
}

pub(super) fn targets<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<ChatTarget>, D::Error> {
    Ok(ChatTarget::read_all(&Value::deserialize(deserializer)?))
}

pub(super) fn notice<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Notice>, D::Error> {
    let typed = Value::deserialize(deserializer)?;
    Ok(match crate::resolve::as_bool(&typed) {
        Some(is_wanted) => is_wanted.then(Notice::default),
        None => match typed {
            Value::String(text) => Some(Notice { text: Some(text), to: Vec::new() }),
            Value::Object(object) => Some(Notice {
                text: object.get("text").and_then(Value::as_str).map(str::to_owned),
                to: object.get("to").map(ChatTarget::read_all).unwrap_or_default(),
            }),
            _ => None,
        },
    })
}

fn text_or_integer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer", "null"] })
}

pub(super) fn targets_schema(_: &mut SchemaGenerator) -> Schema {
    let mut one = part_for::<TypedTarget>();
    one.insert("type".to_owned(), serde_json::json!(["string", "object"]));
    let mut schema = one.clone();
    schema.insert("type".to_owned(), serde_json::json!(["array", "string", "object", "null"]));
    schema.insert("items".to_owned(), one.to_value());
    schema
}

pub(super) fn notice_schema(_: &mut SchemaGenerator) -> Schema {
    let mut schema = part_for::<TypedNotice>();
    schema.insert("type".to_owned(), serde_json::json!(["boolean", "string", "object", "null"]));
    schema
}

/// A schema to stand inside another.
fn part_for<T: JsonSchema>() -> Schema {
    let mut schema = inlined_schema_for::<T>();
    for name in ["$schema", "title", "description"] {
        schema.remove(name);
    }
    schema
}
