//! A session of the agent that lives as long as the process.

use std::pin::pin;

use nanobot_agent::{Agent, Message, ModelDescription, Sender, Turn, TurnEvents, TurnOutcome};
use tokio_util::sync::CancellationToken;

/// Channel of a session that names none.
const CHANNEL: &str = "cli";

pub(super) struct Conversation {
    agent: Agent,
    session: String,
    channel: String,
    chat_id: String,
    history: Vec<Message>,
}

impl Conversation {
    /// A conversation in the session `channel:chat`.
    pub(super) fn new(agent: Agent, session: &str) -> Self {
        let (channel, chat_id) = session.split_once(':').unwrap_or((CHANNEL, session));
        Self {
            agent,
            session: session.to_owned(),
            channel: channel.to_owned(),
            chat_id: chat_id.to_owned(),
            history: Vec::new(),
        }
    }

    pub(super) fn model(&self) -> ModelDescription {
        self.agent.describe_model()
    }

    /// Lets the agent answer; Ctrl-C stops it. What was said until then is remembered.
    pub(super) async fn say_until_ctrl_c(
        &mut self,
        text: &str,
        events: &dyn TurnEvents,
        cancel: CancellationToken,
    ) -> TurnOutcome {
        let mut turn = pin!(self.say(text, events, cancel.clone()));
        tokio::select! {
            outcome = &mut turn => return outcome,
            Ok(()) = tokio::signal::ctrl_c() => cancel.cancel(),
        }
        turn.await
    }

    async fn say(
        &mut self,
        text: &str,
        events: &dyn TurnEvents,
        cancel: CancellationToken,
    ) -> TurnOutcome {
        let turn = Turn {
            session: self.session.clone(),
            model: None,
            channel: self.channel.clone(),
            chat_id: self.chat_id.clone(),
            sender: Sender { id: "user".to_owned(), display_name: None },
            text: text.to_owned(),
            attachments: Vec::new(),
            history: self.history.clone(),
            cancel,
        };
        let outcome = self.agent.run_turn(turn, events).await;
        self.history.extend(outcome.history.iter().cloned());
        outcome
    }

    /// Forgets everything that was said.
    pub(super) fn clear(&mut self) {
        self.history.clear();
    }
}
