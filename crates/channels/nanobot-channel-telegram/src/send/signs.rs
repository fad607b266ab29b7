//! Signs that a message has arrived and is being worked on. None of them is worth an error.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanobot_channel::Metadata;
use tokio::time::{Instant, MissedTickBehavior};

use super::Speaker;
use super::target::{Target, question};
use crate::api::{Api, ChatRef};

/// Telegram shows the typing sign for five seconds.
/// See [Bot API/sendChatAction](https://core.telegram.org/bots/api#sendchataction).
const TYPING_PERIOD: Duration = Duration::from_secs(4);
/// A turn that says nothing for this long is not typing.
const TYPING_LIMIT: Duration = Duration::from_secs(5 * 60);
/// Reactions and signs at a time; under a flood of messages the rest is left out.
const MAX_SIGNS: usize = 32;

type Place = (i64, Option<i64>);

/// The chats in which the agent is at work, each with the time at which the sign ends.
#[derive(Debug, Default)]
pub(super) struct Typing {
    places: Mutex<HashMap<Place, Instant>>,
}

impl Typing {
    fn places(&self) -> MutexGuard<'_, HashMap<Place, Instant>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Vec<Place> {
        let now = Instant::now();
        let mut places = self.places();
        places.retain(|_, end| *end > now);
        places.keys().copied().collect()
    }
}

impl Speaker {
    /// Reacts to a message that the gateway has stored, and shows the typing sign in its chat.
    pub(crate) fn acknowledge(&self, chat: i64, thread: Option<i64>, message_id: i64) {
        self.typing.places().insert((chat, thread), Instant::now() + TYPING_LIMIT);
        let emoji = self.react_emoji.clone();
        self.sign(|api| async move {
            if let Some(emoji) = emoji {
                let reacted = api.react(&ChatRef::Id(chat), message_id, Some(&emoji)).await;
                log("Could not react to a message.", reacted.err());
            }
            log("Could not show the typing sign.", api.show_typing(chat, thread).await.err());
        });
    }

    /// Takes the signs back, or puts the one for done: the answer is there.
    pub(super) fn answered(&self, target: &Target, metadata: &Metadata) {
        self.stop_typing(target);
        let has_reactions = self.react_emoji.is_some() || self.done_emoji.is_some();
        let Some(message_id) = question(metadata).filter(|_| has_reactions) else { return };
        let (chat, emoji) = (target.chat.clone(), self.done_emoji.clone());
        self.sign(|api| async move {
            let reacted = api.react(&chat, message_id, emoji.as_deref()).await;
            log("Could not change a reaction.", reacted.err());
        });
    }

    /// Shows the typing sign again: the agent uses a tool before it goes on.
    pub(super) fn resume_typing(&self, target: &Target) {
        let ChatRef::Id(chat) = target.chat else { return };
        let thread = target.thread;
        self.typing.places().insert((chat, thread), Instant::now() + TYPING_LIMIT);
        self.sign(|api| async move {
            log("Could not show the typing sign.", api.show_typing(chat, thread).await.err());
        });
    }

    pub(super) fn stop_typing(&self, target: &Target) {
        if let ChatRef::Id(chat) = target.chat {
            self.typing.places().remove(&(chat, target.thread));
        }
    }

    /// Renews the typing signs for as long as it is polled.
    pub(crate) async fn keep_typing(&self) -> Infallible {
        let mut tick = tokio::time::interval(TYPING_PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.tick().await;
        loop {
            tick.tick().await;
            for (chat, thread) in self.typing.current() {
                self.sign(|api| async move {
                    log(
                        "Could not show the typing sign.",
                        api.show_typing(chat, thread).await.err(),
                    );
                });
            }
        }
    }

    fn sign<F>(&self, call: impl FnOnce(Arc<Api>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if self.signs.len() < MAX_SIGNS && !self.signs.is_closed() {
            self.signs.spawn(call(Arc::clone(&self.api)));
        }
    }
}

fn log(what: &'static str, error: Option<crate::api::ApiError>) {
    if let Some(error) = error {
        tracing::debug!(%error, "{what}");
    }
}
