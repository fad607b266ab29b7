//! From the gateway's messages to calls of the HTTP API.

mod history;
mod interactions;
mod place;
mod signs;
mod stream;
mod target;
mod upload;

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nanobot_channel::{ChannelError, OutboundKind, OutboundMessage, Receipt};
use nanobot_channel_kit::Deliveries;

use crate::api::{Api, Id};
use crate::config::DiscordConfig;
use crate::format;
use interactions::Interactions;
use signs::Signs;

/// The sending side while the channel runs.
pub(crate) struct Speaker {
    api: Arc<Api>,
    edit_interval: Duration,
    deliveries: Deliveries<Id>,
    signs: Signs,
    /// Commands that wait for their answer.
    interactions: Interactions,
    /// Who the bot is, once Discord has said so.
    own_id: OnceLock<Id>,
}

impl Speaker {
    pub(crate) async fn open(
        api: Arc<Api>,
        config: &DiscordConfig,
        state_dir: &Path,
    ) -> Result<Self, ChannelError> {
        let deliveries = Deliveries::open(state_dir).await.map_err(|error| {
            ChannelError::internal("failed to open the notes of deliveries").with_source(error)
        })?;
        Ok(Self {
            signs: Signs::new(Arc::clone(&api), config),
            api,
            edit_interval: config.edit_interval(),
            deliveries,
            interactions: Interactions::default(),
            own_id: OnceLock::new(),
        })
    }

    /// Delivers files and text. A repeated delivery goes on where the first ended.
    pub(crate) async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let target = self.target(
            &message.chat_id,
            message.thread_id.as_deref(),
            message.reply_to.as_deref(),
            &message.metadata,
        )?;
        let is_repeated = message.attempt > 1;
        let (mut ids, lines) = self.send_files(&message, &target).await?;
        let text = with_lines(&message.text, &lines);
        let parts = match message.kind {
            OutboundKind::ToolHint => format::render_small(&text),
            _ => format::render(&text),
        };
        ids.extend(self.place(&message.delivery_id, &target, &parts, is_repeated).await?);
        if matches!(message.kind, OutboundKind::Final | OutboundKind::Notice) {
            self.answered(&message.metadata);
        }
        Ok(receipt(&ids))
    }

    /// Tells who the bot is; the first word holds, for a token is one bot's.
    pub(crate) fn is_account(&self, id: Id) {
        let _known = self.own_id.set(id);
    }

    fn own_id(&self) -> Option<Id> {
        self.own_id.get().copied()
    }

    /// Ends what runs beside the deliveries.
    pub(crate) async fn finish(&self) {
        self.signs.finish().await;
    }
}

/// The text with lines about files that are not attached.
fn with_lines<'a>(text: &'a str, lines: &[String]) -> Cow<'a, str> {
    if lines.is_empty() {
        return text.into();
    }
    format!("{text}\n\n{}", lines.join("\n")).into()
}

fn receipt(ids: &[Id]) -> Receipt {
    Receipt { platform_ids: ids.iter().map(Id::to_string).collect() }
}

impl std::fmt::Debug for Speaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Speaker").finish_non_exhaustive()
    }
}
