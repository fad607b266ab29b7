use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Event, Identity, Session};
use crate::api::{Channel, Id};

/// See [Discord/gateway opcodes](https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes).
pub(super) mod op {
    pub(crate) const DISPATCH: u8 = 0;
    pub(crate) const HEARTBEAT: u8 = 1;
    pub(crate) const RECONNECT: u8 = 7;
    pub(crate) const INVALID_SESSION: u8 = 9;
    pub(crate) const HELLO: u8 = 10;
    pub(crate) const HEARTBEAT_ACK: u8 = 11;
}

/// What goes over the wire.
/// See [Discord/payload structure](https://docs.discord.com/developers/events/gateway-events#payload-structure).
#[derive(Deserialize)]
pub(super) struct Payload<'a> {
    pub(super) op: u8,
    #[serde(borrow, default)]
    pub(super) d: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) s: Option<u64>,
    #[serde(default)]
    pub(super) t: Option<String>,
}

#[derive(Deserialize)]
struct Hello {
    /// In milliseconds.
    heartbeat_interval: u64,
}

#[derive(Deserialize)]
struct ThreadList {
    guild_id: Id,
    #[serde(default)]
    threads: Vec<Channel>,
}

impl ThreadList {
    /// The threads, each with the server that only the list names.
    fn complete(self) -> Vec<Channel> {
        let guild_id = Some(self.guild_id);
        self.threads.into_iter().map(|thread| Channel { guild_id, ..thread }).collect()
    }
}

impl<'a> Payload<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    fn data(&self) -> &'a str {
        self.d.map_or("null", RawValue::get)
    }

    /// Milliseconds between heartbeats, from a hello.
    pub(super) fn heartbeat_interval(&self) -> Option<u64> {
        serde_json::from_str::<Hello>(self.data()).ok().map(|hello| hello.heartbeat_interval)
    }

    /// True if an invalid session may be resumed all the same.
    pub(super) fn may_resume(&self) -> bool {
        serde_json::from_str(self.data()).unwrap_or(false)
    }

    /// The event of a dispatch. One that cannot be read is skipped, so that it does not hold up all
    /// others.
    pub(super) fn event(&self) -> Event {
        let name = self.t.as_deref().unwrap_or_default();
        self.parse_event(name).unwrap_or_else(|error| {
            tracing::warn!(%error, event = name, "Skipped an event that could not be read.");
            Event::Nothing
        })
    }

    fn parse_event(&self, name: &str) -> Result<Event, serde_json::Error> {
        let data = self.data();
        Ok(match name {
            "READY" => Event::Ready(serde_json::from_str(data)?),
            "RESUMED" => Event::Resumed,
            "MESSAGE_CREATE" => Event::Message(serde_json::from_str(data)?),
            "INTERACTION_CREATE" => Event::Interaction(serde_json::from_str(data)?),
            "GUILD_CREATE" => Event::Guild(serde_json::from_str(data)?),
            "CHANNEL_CREATE" | "THREAD_CREATE" | "THREAD_UPDATE" => {
                Event::Channel(serde_json::from_str(data)?)
            }
            "THREAD_LIST_SYNC" => {
                Event::Threads(serde_json::from_str::<ThreadList>(data)?.complete())
            }
            _ => Event::Nothing,
        })
    }
}

/// See [Discord/identify](https://docs.discord.com/developers/events/gateway-events#identify).
pub(super) fn identify(identity: &Identity) -> Value {
    let properties = json!({"os": std::env::consts::OS, "browser": "nanobot", "device": "nanobot"});
    json!({"op": 2, "d": {
        "token": identity.token.expose_secret(),
        "intents": identity.intents,
        "properties": properties,
    }})
}

/// See [Discord/resume](https://docs.discord.com/developers/events/gateway-events#resume).
pub(super) fn resume(identity: &Identity, session: &Session) -> Value {
    json!({"op": 6, "d": {
        "token": identity.token.expose_secret(),
        "session_id": session.id,
        "seq": session.sequence,
    }})
}

/// See [Discord/heartbeat](https://docs.discord.com/developers/events/gateway-events#heartbeat).
pub(super) fn heartbeat(sequence: Option<u64>) -> Value {
    json!({"op": op::HEARTBEAT, "d": sequence})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn event(text: &str) -> Event {
        Payload::read(text).unwrap().event()
    }

    #[test]
    fn event_of_a_new_kind_or_form_is_skipped() {
        let new_kind = r#"{"op": 0, "s": 3, "t": "SOMETHING_NEW", "d": {"a": 1}}"#;
        assert!(matches!(event(new_kind), Event::Nothing));
        let new_form = r#"{"op": 0, "s": 4, "t": "MESSAGE_CREATE", "d": {"id": true}}"#;
        assert!(matches!(event(new_form), Event::Nothing));
        assert_eq!(Payload::read(new_kind).unwrap().s, Some(3));
    }

    #[test]
    fn message_is_read_with_what_it_does_not_say() {
        let text = r#"{"op":0,"t":"MESSAGE_CREATE","d":{"id":"5","channel_id":"7","content":"Hi",
            "author":{"id":"9","username":"ada","global_name":null},"referenced_message":null}}"#;
        let Event::Message(message) = event(text) else { panic!("a message") };
        assert_eq!((message.id.0, message.content.as_str(), message.guild_id), (5, "Hi", None));
        assert_eq!(message.author.shown_name(), "ada");
    }

    #[test]
    fn threads_of_a_list_know_their_server() {
        let text = r#"{"op":0,"t":"THREAD_LIST_SYNC","d":{"guild_id":"5","threads":[
            {"id":"8","type":11,"parent_id":"7"}]}}"#;
        let Event::Threads(threads) = event(text) else { panic!("threads") };
        assert_eq!((threads[0].guild_id, threads[0].thread_parent()), (Some(Id(5)), Some(Id(7))));
    }

    #[test]
    fn heartbeat_without_an_event_yet_carries_null() {
        assert_eq!(heartbeat(None).to_string(), r#"{"op":1,"d":null}"#);
        assert_eq!(heartbeat(Some(7)).to_string(), r#"{"op":1,"d":7}"#);
    }
}
