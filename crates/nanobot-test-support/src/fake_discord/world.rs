use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::limits::Limits;
use super::mischief::Mischiefs;
use super::sessions::Sessions;
use super::{APPLICATION, BOT, DiscordCall, IncomingDiscord};
use crate::multipart::UploadedFile;

/// The first second of 2015, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_420_070_400_000;

/// A message of the bot as a person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscordMessage {
    /// Its id.
    pub id: u64,
    /// Its text in Discord's Markdown.
    pub content: String,
    /// The message that it answers.
    pub reply_to: Option<u64>,
    /// The files that it carries.
    pub files: Vec<UploadedFile>,
    /// How often it was changed.
    pub edits: usize,
}

/// All that there is.
#[derive(Default)]
pub(super) struct World {
    pub(super) calls: Vec<DiscordCall>,
    pub(super) channels: BTreeMap<u64, Channel>,
    pub(super) sessions: Sessions,
    pub(super) mischiefs: Mischiefs,
    pub(super) limits: Limits,
    pub(super) nonces: HashMap<(u64, String), u64>,
    pub(super) files: HashMap<String, Vec<u8>>,
    pub(super) interactions: HashMap<u64, Asked>,
    pub(super) commands: Vec<Value>,
    pub(super) session_limit: Option<(u32, u64)>,
    last_id: u64,
}

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) kind: u8,
    pub(super) guild: Option<u64>,
    pub(super) parent: Option<u64>,
    pub(super) messages: BTreeMap<u64, Stored>,
    pub(super) reactions: HashMap<u64, Vec<String>>,
}

/// A message of anybody.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    /// As events and the history show it.
    pub(super) json: Value,
    pub(super) files: Vec<UploadedFile>,
    pub(super) edits: usize,
}

/// A command that a person gave.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) channel: u64,
    pub(super) token: String,
    pub(super) is_answered: bool,
    /// The message that is shown as its answer.
    pub(super) answer: Option<u64>,
    pub(super) text: Option<String>,
}

impl Asked {
    pub(super) fn answer(&self) -> Option<String> {
        self.text.clone()
    }
}

impl World {
    pub(super) fn add_channel(
        &mut self,
        id: u64,
        kind: u8,
        guild: Option<u64>,
        parent: Option<u64>,
    ) {
        let channel =
            Channel { kind, guild, parent, messages: BTreeMap::new(), reactions: HashMap::new() };
        self.channels.entry(id).or_insert(channel);
    }

    /// Ids tell the time, and grow.
    pub(super) fn next_id(&mut self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or_default();
        self.last_id = (self.last_id + 1).max((now - EPOCH_MS) << 22);
        self.last_id
    }

    pub(super) fn person_wrote(&mut self, written: IncomingDiscord, is_heard: bool) -> u64 {
        let IncomingDiscord { channel, guild, mut message } = written;
        let kind = if guild.is_some() { 0 } else { 1 };
        self.add_channel(channel, kind, guild, None);
        let id = self.next_id();
        message["id"] = id.to_string().into();
        message["channel_id"] = channel.to_string().into();
        self.store(channel, id, Stored { json: message, files: Vec::new(), edits: 0 }, is_heard);
        id
    }

    pub(super) fn store(&mut self, channel: u64, id: u64, stored: Stored, is_heard: bool) {
        let Some(found) = self.channels.get_mut(&channel) else { return };
        found.messages.insert(id, stored);
        if is_heard {
            self.repeat(channel, id);
        }
    }

    /// Events say more of a message than the history does.
    pub(super) fn repeat(&mut self, channel: u64, message: u64) {
        let Some(found) = self.channels.get(&channel) else { return };
        let Some(stored) = found.messages.get(&message) else { return };
        let mut event = stored.json.clone();
        if let Some(guild) = found.guild {
            event["guild_id"] = guild.to_string().into();
        }
        self.sessions.dispatch("MESSAGE_CREATE", &event);
    }

    pub(super) fn give_command(&mut self, channel: u64, guild: Option<u64>, name: &str) -> u64 {
        self.add_channel(channel, if guild.is_some() { 0 } else { 1 }, guild, None);
        let id = self.next_id();
        let token = format!("interaction-token-{id}");
        let user = json!({"id": "7", "username": "ada", "global_name": "Ada L"});
        let mut event = json!({
            "id": id.to_string(), "application_id": APPLICATION.to_string(), "type": 2,
            "token": token, "channel_id": channel.to_string(), "version": 1,
            "data": {"id": "1", "name": name, "type": 1},
        });
        match guild {
            Some(guild) => {
                event["guild_id"] = guild.to_string().into();
                event["member"] = json!({"user": user});
            }
            None => event["user"] = user,
        }
        self.interactions.insert(id, Asked { channel, token, ..Asked::default() });
        self.sessions.dispatch("INTERACTION_CREATE", &event);
        id
    }

    pub(super) fn delete(&mut self, channel: u64, message: u64) {
        if let Some(channel) = self.channels.get_mut(&channel) {
            channel.messages.remove(&message);
        }
    }

    pub(super) fn shown(&self, channel: u64) -> Vec<DiscordMessage> {
        let Some(channel) = self.channels.get(&channel) else { return Vec::new() };
        let own = channel.messages.iter().filter(|(_, stored)| stored.is_bots());
        own.map(|(id, stored)| stored.shown(*id)).collect()
    }

    pub(super) fn reactions(&self, channel: u64, message: u64) -> Vec<String> {
        let channel = self.channels.get(&channel);
        channel.and_then(|it| it.reactions.get(&message)).cloned().unwrap_or_default()
    }

    /// The servers as the gateway tells of them.
    pub(super) fn guilds(&self) -> Vec<Value> {
        let mut guilds: BTreeMap<u64, (Vec<Value>, Vec<Value>)> = BTreeMap::new();
        for (id, channel) in &self.channels {
            let Some(guild) = channel.guild else { continue };
            let (channels, threads) = guilds.entry(guild).or_default();
            let list = if channel.parent.is_some() { threads } else { channels };
            // A channel in a guild does not repeat which one it is.
            list.push(channel.json(*id));
        }
        let json = |(id, (channels, threads)): (u64, (Vec<Value>, Vec<Value>))| json!({"id": id.to_string(), "channels": channels, "threads": threads});
        guilds.into_iter().map(json).collect()
    }
}

impl Channel {
    pub(super) fn json(&self, id: u64) -> Value {
        let text = |id: Option<u64>| id.map(|id| id.to_string());
        json!({
            "id": id.to_string(), "type": self.kind, "parent_id": text(self.parent),
            "last_message_id": text(self.messages.keys().next_back().copied()),
        })
    }
}

impl Stored {
    pub(super) fn is_bots(&self) -> bool {
        self.json["author"]["id"] == json!(BOT.to_string())
    }

    fn shown(&self, id: u64) -> DiscordMessage {
        let reply_to = self.json["message_reference"]["message_id"].as_str();
        DiscordMessage {
            id,
            content: self.json["content"].as_str().unwrap_or_default().to_owned(),
            reply_to: reply_to.and_then(|id| id.parse().ok()),
            files: self.files.clone(),
            edits: self.edits,
        }
    }
}
