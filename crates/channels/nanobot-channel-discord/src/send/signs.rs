//! Signs that a message has arrived and is being worked on. None of them is worth an error.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanobot_channel::Metadata;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Speaker;
use super::target::question;
use crate::api::{Api, ApiError, Emoji, Id, code};
use crate::config::DiscordConfig;

/// Discord shows the typing sign for ten seconds.
/// See [Discord/trigger typing indicator](https://docs.discord.com/developers/resources/channel#trigger-typing-indicator).
const TYPING_PERIOD: Duration = Duration::from_secs(8);
/// A turn that takes longer is not shown as work any more.
const WORK_LIMIT: Duration = Duration::from_secs(15 * 60);
/// Messages with signs at a time; under a flood of messages the rest has none.
const MAX_SIGNS: usize = 64;
/// Longest time that the end waits for signs to be taken back.
const FINISH_LIMIT: Duration = Duration::from_secs(5);

/// Reactions and typing signs of the messages that are being worked on.
pub(super) struct Signs {
    settings: Arc<Settings>,
    works: Mutex<HashMap<Id, CancellationToken>>,
    tasks: TaskTracker,
}

struct Settings {
    api: Arc<Api>,
    receipt: Option<Emoji>,
    working: Option<Emoji>,
    working_delay: Duration,
    /// Channels in which the bot may not react.
    forbidden: Mutex<HashSet<Id>>,
}

impl Signs {
    pub(super) fn new(api: Arc<Api>, config: &DiscordConfig) -> Self {
        let settings = Settings {
            api,
            receipt: Emoji::read(&config.read_receipt_emoji),
            working: Emoji::read(&config.working_emoji),
            working_delay: config.working_delay(),
            forbidden: Mutex::default(),
        };
        Self { settings: Arc::new(settings), works: Mutex::default(), tasks: TaskTracker::new() }
    }

    fn works(&self) -> MutexGuard<'_, HashMap<Id, CancellationToken>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all signs back.
    pub(super) async fn finish(&self) {
        for (_, done) in self.works().drain() {
            done.cancel();
        }
        self.tasks.close();
        if tokio::time::timeout(FINISH_LIMIT, self.tasks.wait()).await.is_err() {
            tracing::warn!("Some reactions could not be taken back in time.");
        }
    }
}

impl Speaker {
    /// Reacts to a message that the gateway has stored, and shows the typing sign in its channel.
    pub(crate) fn acknowledge(&self, channel: Id, message: Id) {
        let mut works = self.signs.works();
        works.retain(|_, done| !done.is_cancelled());
        if works.len() >= MAX_SIGNS || self.signs.tasks.is_closed() {
            return;
        }
        let done = CancellationToken::new();
        works.insert(message, done.clone());
        let settings = Arc::clone(&self.signs.settings);
        self.signs.tasks.spawn(async move { settings.show(channel, message, done).await });
    }

    /// Takes the signs back: the answer is there.
    pub(super) fn answered(&self, metadata: &Metadata) {
        if let Some(done) = question(metadata).and_then(|id| self.signs.works().remove(&id)) {
            done.cancel();
        }
    }
}

impl Settings {
    /// The signs of one message, from its arrival to its answer.
    async fn show(&self, channel: Id, message: Id, done: CancellationToken) {
        let mut given = Vec::new();
        let until_limit = tokio::time::timeout(WORK_LIMIT, self.give(channel, message, &mut given));
        let _ended = done.run_until_cancelled(until_limit).await;
        done.cancel();
        for emoji in given {
            let taken = self.api.take_reaction_back(channel, message, emoji).await;
            log("Could not take a reaction back.", taken.err());
        }
    }

    async fn give<'a>(&'a self, channel: Id, message: Id, given: &mut Vec<&'a Emoji>) {
        if let Some(emoji) = &self.receipt {
            self.react(channel, message, emoji, given).await;
        }
        let working_at = Instant::now() + self.working_delay;
        let mut working = self.working.as_ref();
        let mut typing = tokio::time::interval(TYPING_PERIOD);
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(working_at), if working.is_some() => {
                    if let Some(emoji) = working.take() {
                        self.react(channel, message, emoji, given).await;
                    }
                }
                _ = typing.tick() => {
                    let shown = self.api.show_typing(channel).await;
                    log("Could not show the typing sign.", shown.err());
                }
            }
        }
    }

    /// Reacts, unless the bot may not in this channel: each refusal counts against it.
    async fn react<'a>(
        &self,
        channel: Id,
        message: Id,
        emoji: &'a Emoji,
        given: &mut Vec<&'a Emoji>,
    ) {
        if self.forbidden().contains(&channel) {
            return;
        }
        // Noted before it is there, so that one that is cut off is taken back too.
        given.push(emoji);
        let Err(error) = self.api.react(channel, message, emoji).await else { return };
        given.pop();
        if error.is_code(&[code::MISSING_PERMISSION, code::MISSING_ACCESS]) {
            self.forbidden().insert(channel);
        }
        log("Could not react to a message.", Some(error));
    }

    fn forbidden(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.forbidden.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log(what: &'static str, error: Option<ApiError>) {
    if let Some(error) = error {
        tracing::debug!(%error, "{what}");
    }
}
