use std::sync::Arc;

use super::Receiver;
use super::commands;
use super::places::Place;
use crate::api::{Channel, Guild, Message, Ready};
use crate::gateway::{Event, Session};

/// Intent without which Discord does not tell which channels there are.
/// See [Discord/gateway intents](https://docs.discord.com/developers/events/gateway#list-of-intents).
const GUILDS: u64 = 1;

impl Receiver {
    /// Handles an event without waiting for anything; says so if a session has begun.
    pub(super) fn on_event(self: &Arc<Self>, event: Event) -> Option<Session> {
        match event {
            Event::Ready(ready) => return Some(self.on_ready(*ready)),
            Event::Resumed | Event::Alive => self.report_connected(false),
            Event::Message(message) => self.on_message(*message),
            Event::Interaction(interaction) => {
                let receiver = Arc::clone(self);
                self.tasks.spawn(async move { receiver.on_interaction(*interaction).await });
            }
            Event::Guild(guild) => self.on_guild(&guild),
            Event::Channel(channel) => self.places.note_channel(&channel),
            Event::Threads(threads) => {
                threads.iter().for_each(|thread| self.places.note_channel(thread));
            }
            Event::Nothing => {}
        }
        None
    }

    fn on_ready(self: &Arc<Self>, ready: Ready) -> Session {
        self.speaker.is_account(ready.user.id);
        self.cursors.is_account(ready.user.id);
        let is_first = self.me.set(ready.user).is_ok();
        self.report_connected(false);
        if is_first {
            let (api, application) = (Arc::clone(&self.api), ready.application.id);
            let receiver = Arc::clone(self);
            self.tasks.spawn(async move {
                let commands = commands::descriptions();
                let set = api.set_commands(application, &commands);
                if let Err(error) = receiver.until_shutdown(set).await {
                    tracing::warn!(%error, "Could not set the commands.");
                }
            });
        }
        // What was missed in servers is looked for when each server is told of.
        let all = self.config.intents & GUILDS == 0;
        for channel in self.cursors.channels(all) {
            self.look_back(channel);
        }
        Session { id: ready.session_id, url: ready.resume_gateway_url, sequence: 0 }
    }

    fn on_message(self: &Arc<Self>, message: Message) {
        self.report_connected(true);
        // What a channel of a server is, is looked up when the message is handled.
        if message.guild_id.is_none() {
            self.places.note(message.channel_id, Place::PRIVATE);
        }
        self.receive(message);
    }

    fn on_guild(self: &Arc<Self>, guild: &Guild) {
        for channel in guild.channels.iter().chain(&guild.threads) {
            let channel = Channel { guild_id: Some(guild.id), ..channel.clone() };
            self.places.note_channel(&channel);
            self.compare_with_cursor(&channel);
        }
    }

    /// Reads what was missed in a channel. One that is new to the channel begins where it is now.
    fn compare_with_cursor(self: &Arc<Self>, channel: &Channel) {
        let Some(last) = channel.last_message_id.filter(|_| channel.holds_messages()) else {
            return;
        };
        let place = Place { guild: channel.guild_id, parent: channel.thread_parent() };
        if !self.is_open_place(channel.id, place) {
            return;
        }
        match self.cursors.get(channel.id) {
            Some(cursor) if cursor < last => self.look_back(channel.id),
            Some(_) => {}
            None => self.cursors.advance(channel.id, last, false),
        }
    }
}
