use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use nanobot_channel::{
    Channel, ChannelError, Delta, ErrorKind, OutboundMessage, Receipt, StreamEnd,
};
use nanobot_ledger::{Ledger, Settlement};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Item;
use super::retry::{Next, decide, jittered};
use super::stream::{StreamBuffer, StreamClose};
use crate::roster::Roster;
use crate::status::StatusBoard;

/// A channel that takes longer for one call is treated as unreachable. Longer than a plugin's own
/// limit, so that the more precise error of the plugin link comes first.
const CALL_LIMIT: Duration = Duration::from_secs(120);

/// Pause after a step of a stream that the platform limits without saying for how long.
const UNSAID_WAIT: Duration = Duration::from_secs(1);

/// Delivers the items of a lane, one after the other.
pub(super) struct Courier {
    pub(super) roster: Arc<Roster>,
    pub(super) board: Arc<StatusBoard>,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) max_attempts: u32,
    /// Ends all waiting: what is not delivered stays in the ledger.
    pub(super) abort: CancellationToken,
}

impl Courier {
    pub(super) async fn deliver(&self, channel: &str, item: Item) {
        let delivered = async {
            match item {
                Item::Durable(message) => self.message(channel, *message).await,
                Item::Ephemeral(message) => self.progress(channel, *message).await,
                Item::Stream(buffer) => self.stream(channel, &buffer).await,
            }
        };
        self.abort.run_until_cancelled(delivered).await;
    }

    async fn progress(&self, channel: &str, message: OutboundMessage) {
        if let Err(error) = self.send(channel, message).await {
            tracing::debug!(
                error = error.report(),
                channel,
                "Left out a progress message."
            );
        }
    }

    /// Tries until the message is delivered or given up, and settles it.
    async fn message(&self, channel: &str, mut message: OutboundMessage) {
        let started = Instant::now();
        let outcome = loop {
            let error = match self.send(channel, message.clone()).await {
                Ok(receipt) => break Settlement::Delivered(receipt),
                Err(error) => error,
            };
            match decide(
                &error,
                message.attempt,
                started.elapsed(),
                self.max_attempts,
            ) {
                Next::Retry(pause) => self.pause(channel, &error, jittered(pause), &message).await,
                Next::GiveUp => {
                    break Settlement::Dead {
                        reason: error.report(),
                    };
                }
            }
            message.attempt = message.attempt.saturating_add(1);
        };
        self.settle(channel, &message.delivery_id, outcome).await;
    }

    async fn pause(
        &self,
        channel: &str,
        error: &ChannelError,
        pause: Duration,
        message: &OutboundMessage,
    ) {
        tracing::warn!(
            error = error.report(),
            channel,
            delivery_id = message.delivery_id,
            attempt = message.attempt,
            pause_ms = pause.as_millis(),
            "A delivery failed; trying again after a pause."
        );
        let is_away = matches!(error.kind(), ErrorKind::NotReady | ErrorKind::Network);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.board.connected_again(channel), if is_away => {}
        }
    }

    async fn settle(&self, channel: &str, delivery_id: &str, outcome: Settlement) {
        match &outcome {
            Settlement::Delivered(_) => self.board.delivered(channel),
            Settlement::Dead { reason } => {
                tracing::error!(reason, channel, delivery_id, "A delivery was given up.");
            }
        }
        if let Err(error) = self.ledger.settle(delivery_id, outcome).await {
            tracing::error!(%error, delivery_id, "Could not store that a delivery ended.");
        }
    }

    /// Delivers text while it comes. The end decides: if the channel does not take it, the whole
    /// text is sent as a message with the same delivery id.
    async fn stream(&self, channel: &str, buffer: &StreamBuffer) {
        let mut text = String::new();
        let (told, close) = self.deltas(channel, buffer, &mut text).await;
        let complete = close.text.as_ref().unwrap_or(&text);
        let piece = complete.strip_prefix(&text[..told]).unwrap_or_default();
        let last = step(buffer, complete, piece, Some(close.end));
        let ended = self.send_delta(channel, last).await;
        // A turn that was cut off will be run again: nothing to settle, nothing to repair.
        let Some(complete) = close.text else { return };
        match ended {
            Ok(receipt) => {
                let outcome = Settlement::Delivered(receipt);
                self.settle(channel, &buffer.message.delivery_id, outcome)
                    .await;
            }
            Err(error) => {
                tracing::debug!(
                    error = error.report(),
                    channel,
                    "Sending a streamed text whole."
                );
                let whole = OutboundMessage {
                    text: complete,
                    ..buffer.message.clone()
                };
                self.message(channel, whole).await;
            }
        }
    }

    /// Delivers steps until the end is known; says how much of `text` the channel was told.
    async fn deltas(
        &self,
        channel: &str,
        buffer: &StreamBuffer,
        text: &mut String,
    ) -> (usize, StreamClose) {
        let mut told = 0;
        loop {
            if let Some(close) = buffer.read_more(text).await {
                return (told, close);
            }
            let delta = step(buffer, text, &text[told..], None);
            told = text.len();
            let Err(error) = self.send_delta(channel, delta).await else {
                continue;
            };
            tracing::debug!(
                error = error.report(),
                channel,
                "A step of a stream failed."
            );
            match (error.retry_after(), error.kind()) {
                (Some(wait), _) => tokio::time::sleep(wait).await,
                (None, ErrorKind::RateLimited) => tokio::time::sleep(UNSAID_WAIT).await,
                // After a step failed for good only the end is worth a call.
                (None, _) => return (told, buffer.read_end(text).await),
            }
        }
    }

    async fn send(&self, channel: &str, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let channel = self.running(channel)?;
        guarded(channel.send(message)).await
    }

    async fn send_delta(&self, channel: &str, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let channel = self.running(channel)?;
        guarded(channel.send_delta(delta)).await
    }

    fn running(&self, channel: &str) -> Result<Arc<dyn Channel>, ChannelError> {
        let missing = || ChannelError::new(ErrorKind::NotReady, "the channel is not running");
        self.roster.running(channel).ok_or_else(missing)
    }
}

/// A call of a channel that panics or hangs is a failure like any other.
async fn guarded(
    call: impl Future<Output = Result<Receipt, ChannelError>>,
) -> Result<Receipt, ChannelError> {
    match tokio::time::timeout(CALL_LIMIT, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(ChannelError::internal(
            "the channel panicked during a delivery",
        )),
        Err(_) => Err(ChannelError::network("the channel did not answer in time")),
    }
}

fn step<'a>(
    buffer: &'a StreamBuffer,
    text: &'a str,
    piece: &'a str,
    end: Option<StreamEnd>,
) -> Delta<'a> {
    let message = &buffer.message;
    Delta {
        stream_id: &buffer.stream_id,
        delivery_id: &message.delivery_id,
        chat_id: &message.chat_id,
        thread_id: message.thread_id.as_deref(),
        text,
        piece,
        end,
        reply_to: message.reply_to.as_deref(),
        metadata: &message.metadata,
    }
}
