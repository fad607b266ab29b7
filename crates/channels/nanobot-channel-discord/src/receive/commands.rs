//! Slash commands. See [Discord/receiving and responding to interactions].
//!
//! [Discord/receiving and responding to interactions]: https://docs.discord.com/developers/interactions/receiving-and-responding

use nanobot_channel::{Acceptance, InboundMessage, Metadata};
use nanobot_channel_kit::{Offered, is_allowed, offer};
use serde_json::{Value, json};

use super::Receiver;
use super::inbound::{in_place, sender};
use super::places::Place;
use crate::api::{Id, Interaction, Member, User};

/// The commands, and what is said of each.
const COMMANDS: &[(&str, &str)] = &[
    ("new", "Start a new conversation"),
    ("stop", "Stop the current task"),
    ("restart", "Restart the gateway"),
    ("status", "Show how the agent is"),
    ("help", "Show available commands"),
    ("model", "Show or change the model"),
];

/// The type of an interaction that is a command.
/// See [Discord/interaction type](https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-type).
const APPLICATION_COMMAND: u8 = 2;
const DENIED: &str = "You are not on the list of people that I answer.";
const ELSEWHERE: &str = "I do not answer in this channel.";
const FAILED: &str = "That did not work. Please try again.";

/// What Discord shall offer people.
/// See [Discord/application command object](https://docs.discord.com/developers/interactions/application-commands#application-command-object).
pub(super) fn descriptions() -> Value {
    let describe = |(name, description): &(&str, &str)| {
        // In servers that have the bot, and in private with it.
        let mut command =
            json!({"type": 1, "name": name, "description": description, "contexts": [0, 1]});
        if *name == "model" {
            command["options"] = json!([{
                "type": 3, "name": "name", "description": "The model to use from now on"
            }]);
        }
        command
    };
    COMMANDS.iter().map(describe).collect()
}

impl Receiver {
    /// Hands a command to the gateway as the text that it stands for.
    pub(super) async fn on_interaction(&self, interaction: Interaction) {
        let Some((text, user, member)) = command(&interaction) else { return };
        let Some(channel) = interaction.channel_id else { return };
        let place = self.place_of_command(channel, interaction.guild_id).await;
        let sender = sender(&user, member.as_ref());
        if !self.is_open_place(channel, place) {
            return self.refuse(&interaction, ELSEWHERE).await;
        }
        match is_allowed(&self.cx, &sender).await {
            None => return,
            Some(false) => return self.refuse(&interaction, DENIED).await,
            Some(true) => {}
        }
        if let Err(error) = self.until_shutdown(self.api.defer_answer(&interaction)).await {
            // The answer comes as a message of its own then.
            tracing::warn!(%error, "Could not acknowledge a command.");
        } else {
            self.speaker.expect_answer(interaction.clone());
        }
        let message = InboundMessage {
            event_id: Some(interaction.id.to_string()),
            sender,
            text,
            sent_at_ms: Some(interaction.id.time_ms()),
            metadata: metadata(&interaction),
            ..in_place(channel, place)
        };
        if matches!(
            offer(&self.cx, message).await,
            Offered::Refused | Offered::Answered(Acceptance::Denied)
        ) {
            self.speaker.answer_with(&interaction, FAILED).await;
        }
    }

    async fn place_of_command(&self, channel: Id, guild: Option<Id>) -> Place {
        match guild {
            None => Place::PRIVATE,
            Some(_) => self.place(channel, guild).await,
        }
    }

    async fn refuse(&self, interaction: &Interaction, reason: &str) {
        let answer = self.api.answer_privately(interaction, reason);
        if let Err(error) = self.until_shutdown(answer).await {
            tracing::debug!(%error, "Could not refuse a command.");
        }
    }
}

/// The text of a command, and who gave it.
fn command(interaction: &Interaction) -> Option<(String, User, Option<Member>)> {
    let data = interaction.data.as_ref().filter(|_| interaction.kind == APPLICATION_COMMAND)?;
    let member = interaction.member.clone();
    let user = member.as_ref().and_then(|member| member.user.clone());
    let user = user.or_else(|| interaction.user.clone())?;
    let words = data.options.iter().filter_map(|option| option.value.as_str());
    let text = std::iter::once(format!("/{}", data.name)).chain(words.map(str::to_owned));
    Some((text.collect::<Vec<_>>().join(" "), user, member))
}

fn metadata(interaction: &Interaction) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("interaction_id".into(), interaction.id.to_string().into());
    if let Some(guild) = interaction.guild_id {
        metadata.insert("guild_id".into(), guild.to_string().into());
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interaction(fields: &Value) -> Interaction {
        let mut interaction = json!({
            "id": "1", "application_id": "2", "type": 2, "token": "t", "channel_id": "3",
            "data": {"name": "model", "options": [{"name": "name", "type": 3, "value": "small"}]},
        });
        for (key, value) in fields.as_object().unwrap() {
            interaction[key] = value.clone();
        }
        serde_json::from_value(interaction).unwrap()
    }

    #[test]
    fn command_becomes_the_text_that_it_stands_for() {
        let private = interaction(&json!({"user": {"id": "7", "username": "ada"}}));
        let (text, user, _) = command(&private).unwrap();
        assert_eq!((text.as_str(), user.id), ("/model small", Id(7)));
        let member = json!({"nick": "A", "user": {"id": "8", "username": "bob"}});
        let (_, user, member) = command(&interaction(&json!({"member": member}))).unwrap();
        assert_eq!((user.id, member.unwrap().nick.as_deref()), (Id(8), Some("A")));
        assert!(command(&interaction(&json!({"type": 3, "user": {"id": "7"}}))).is_none());
    }
}
