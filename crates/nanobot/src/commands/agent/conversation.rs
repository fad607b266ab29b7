//! A session of the agent in the terminal. It lives in the ledger, and goes on with the next run.

use std::pin::pin;

use nanobot_agent::{Agent, Message, ModelDescription, Sender, Turn, TurnEvents, TurnOutcome};
use nanobot_gateway::model_command::ModelChoices;
use tokio_util::sync::CancellationToken;

use crate::exit;
use crate::output;
use crate::session_memory::SessionMemory;

/// Channel of a session that names none; what is used in a terminal is counted under it.
pub(super) const CHANNEL: &str = "cli";

pub(super) struct Conversation<'a> {
    agent: Agent,
    models: ModelChoices,
    memory: SessionMemory<'a>,
    session: String,
    channel: String,
    chat_id: String,
    history: Vec<Message>,
}

impl<'a> Conversation<'a> {
    /// Goes on with the session `channel:chat`.
    pub(super) async fn open(
        agent: Agent,
        memory: SessionMemory<'a>,
        session: &str,
    ) -> anyhow::Result<Self> {
        let (channel, chat_id) = session.split_once(':').unwrap_or((CHANNEL, session));
        let history = memory.read().await?;
        Ok(Self {
            models: ModelChoices::new(agent.models()),
            agent,
            memory,
            session: session.to_owned(),
            channel: channel.to_owned(),
            chat_id: chat_id.to_owned(),
            history,
        })
    }

    pub(super) fn model(&self) -> ModelDescription {
        self.agent.describe_model()
    }

    /// Answers `/model`, with or without a name.
    pub(super) fn choose_model(&self, name: &str) -> String {
        self.models.obey(&self.session, name)
    }

    /// Answers `/status`.
    pub(super) fn status(&self) -> String {
        let model = self.model().name;
        format!(
            "🐈 nanobot v{}\nModel: {}\nSession: {}, {} entries remembered",
            env!("CARGO_PKG_VERSION"),
            &self.models.of(&self.session).unwrap_or(model),
            self.session,
            self.history.len(),
        )
    }

    /// Lets the agent answer; Ctrl-C stops it. What was said until then is remembered.
    pub(super) async fn say_until_ctrl_c(
        &mut self,
        text: &str,
        events: &dyn TurnEvents,
        cancel: CancellationToken,
    ) -> TurnOutcome {
        let outcome = {
            let mut turn = pin!(self.agent.run_turn(self.turn(text, cancel.clone()), events));
            tokio::select! {
                outcome = &mut turn => outcome,
                Ok(()) = tokio::signal::ctrl_c() => {
                    cancel.cancel();
                    turn.await
                }
            }
        };
        self.remember(&outcome).await;
        outcome
    }

    fn turn(&self, text: &str, cancel: CancellationToken) -> Turn {
        Turn {
            session: self.session.clone(),
            model: self.models.of(&self.session),
            channel: self.channel.clone(),
            chat_id: self.chat_id.clone(),
            sender: Sender { id: "user".to_owned(), display_name: None },
            text: text.to_owned(),
            attachments: Vec::new(),
            history: self.history.clone(),
            cancel,
        }
    }

    /// The answer is there already, so a failure to store it is only told.
    async fn remember(&mut self, turn: &TurnOutcome) {
        self.history.extend_from_slice(&turn.history);
        if let Err(error) = self.memory.add(turn).await {
            let why = exit::chain(&error);
            output::warning(format_args!("the next run will not remember this: {why}"));
        }
    }

    /// Forgets everything that was said.
    pub(super) async fn clear(&mut self) -> anyhow::Result<()> {
        self.memory.forget().await?;
        self.history.clear();
        Ok(())
    }
}
