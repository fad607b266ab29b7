//! From the gateway's messages to calls of the Bot API.

mod album;
mod draft;
mod place;
mod repeat;
mod signs;
mod stream;
mod target;
mod upload;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanobot_channel::{ChannelError, OutboundKind, OutboundMessage, Receipt};
use nanobot_channel_kit::Deliveries;
use tokio_util::task::TaskTracker;

use crate::api::Api;
use crate::config::{StreamMode, TelegramConfig};
use crate::format;
use repeat::marked;
use signs::Typing;
use target::Target;

/// The sending side while the channel runs.
pub(crate) struct Speaker {
    api: Arc<Api>,
    /// Reaction on receipt, if one is wanted.
    react_emoji: Option<String>,
    /// Reaction on the answer, if one is wanted.
    done_emoji: Option<String>,
    /// Whether streams are shown as drafts where that can be.
    uses_drafts: AtomicBool,
    quotes_question: bool,
    edit_interval: Duration,
    group_edit_interval: Duration,
    deliveries: Deliveries<i64>,
    typing: Typing,
    /// Groups that became supergroups, with their new ids.
    moved: Mutex<HashMap<i64, i64>>,
    /// Reactions and typing signs under way.
    signs: TaskTracker,
}

impl Speaker {
    pub(crate) async fn open(
        api: Arc<Api>,
        config: &TelegramConfig,
        state_dir: &Path,
    ) -> Result<Self, ChannelError> {
        let deliveries = Deliveries::open(state_dir).await.map_err(|error| {
            ChannelError::internal("failed to open the notes of deliveries").with_source(error)
        })?;
        let emoji = |text: &str| Some(text.trim().to_owned()).filter(|emoji| !emoji.is_empty());
        Ok(Self {
            api,
            react_emoji: emoji(&config.react_emoji),
            done_emoji: emoji(&config.done_emoji),
            uses_drafts: AtomicBool::new(config.stream_mode == StreamMode::Draft),
            quotes_question: config.reply_to_message,
            edit_interval: config.edit_interval(false),
            group_edit_interval: config.edit_interval(true),
            deliveries,
            typing: Typing::default(),
            moved: Mutex::default(),
            signs: TaskTracker::new(),
        })
    }

    /// Delivers files and text. A repeated delivery goes on where the first ended.
    pub(crate) async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let question = message.reply_to.as_deref();
        let mut target = self.target(
            &message.chat_id,
            message.thread_id.as_deref(),
            question,
            &message.metadata,
        )?;
        let is_final = message.kind == OutboundKind::Final;
        if !is_final {
            // What a crash leaves of a word in between is nothing for the answer to go on in.
            target.question = None;
        }
        let may_be_doubled = if is_final {
            self.recall(&message.delivery_id, &target).await
        } else {
            self.deliveries.get(&message.delivery_id).may_be_doubled()
        };
        let (mut ids, notes) = self.send_files(&message, &target).await?;
        let text = with_notes(&message.text, &notes);
        let text = marked(&text, may_be_doubled);
        let parts = match message.kind {
            OutboundKind::ToolHint => format::render_quoted(&text),
            _ => format::render(&text),
        };
        ids.extend(self.place(&message.delivery_id, &target, &parts).await?);
        self.done(&message.delivery_id).await;
        if matches!(message.kind, OutboundKind::Final | OutboundKind::Notice) {
            self.answered(&target, &message.metadata);
        }
        Ok(receipt(&ids))
    }

    /// Ends what runs beside the deliveries.
    pub(crate) async fn finish(&self) {
        self.signs.close();
        self.signs.wait().await;
    }

    fn edit_interval(&self, target: &Target) -> Duration {
        if target.is_group() { self.group_edit_interval } else { self.edit_interval }
    }
}

/// The text with a paragraph about what could not be sent.
fn with_notes<'a>(text: &'a str, notes: &[String]) -> Cow<'a, str> {
    if notes.is_empty() {
        return text.into();
    }
    // Backslashes, for the name of a file is no markup.
    let escape = |c: char| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.to_string() };
    let notes: String = notes.join("\n").chars().map(escape).collect();
    format!("{text}\n\n{notes}").into()
}

fn receipt(ids: &[i64]) -> Receipt {
    Receipt { platform_ids: ids.iter().map(i64::to_string).collect() }
}

impl std::fmt::Debug for Speaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Speaker").finish_non_exhaustive()
    }
}
