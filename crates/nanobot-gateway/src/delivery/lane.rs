use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use nanobot_channel::{ChannelError, Delta, ErrorKind, OutboundMessage, Receipt, StreamEnd};
use nanobot_ledger::{FailedTry, Ledger, POSSIBLE_DUPLICATE, Settlement};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::retry::{Next, decide, jittered};
use super::stream::{StreamBuffer, StreamClose};
use super::{Item, Parcel};
use crate::channel_spec::OnUnknown;
use crate::metrics::Metrics;
use crate::roster::{Lease, Roster};
use crate::status::StatusBoard;

/// A channel that takes longer for one call is treated as unreachable. Longer than a plugin's own
/// limit, so that the more precise error of the plugin link comes first.
const CALL_LIMIT: Duration = Duration::from_secs(120);

/// How long the end of a stream may take once nothing is waited for any more.
const END_LIMIT: Duration = Duration::from_secs(5);
/// Pause before it is looked again whether a channel runs.
const RUNNING_WAIT: Duration = Duration::from_secs(1);
/// Pause before the ledger is asked again after it failed.
const LEDGER_WAIT: Duration = Duration::from_secs(1);
/// Pause after a step of a stream that was lost, or that the platform limits without saying for how
/// long.
const UNSAID_WAIT: Duration = Duration::from_secs(1);
/// Steps of a stream in a row that the network may lose; then only its end is delivered.
const MAX_LOST_STEPS: u32 = 2;

/// Delivers the items of the lanes, one after the other within a lane.
pub(crate) struct Courier {
    pub(crate) roster: Arc<Roster>,
    pub(crate) board: Arc<StatusBoard>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) metrics: Arc<Metrics>,
    /// Tries of a delivery that the channel itself fails.
    pub(crate) max_attempts: AtomicU32,
    /// Ends all waiting: what is not delivered stays in the ledger.
    pub(crate) abort: CancellationToken,
}

impl Courier {
    pub(super) async fn deliver(&self, channel: &str, item: Item) {
        let is_stream = matches!(item, Item::Stream(_));
        let delivered = async {
            match item {
                Item::Durable(parcel) => self.parcel(channel, *parcel).await,
                Item::Ephemeral(message) => self.progress(channel, *message).await,
                Item::Stream(buffer) => self.stream(channel, &buffer).await,
            }
        };
        let mut delivered = std::pin::pin!(delivered);
        let is_cut_off = self.abort.run_until_cancelled(&mut delivered).await.is_none();
        // Its turn is cut off as well, which ends the stream: the chat is to see that.
        if is_cut_off && is_stream && timeout(END_LIMIT, delivered).await.is_err() {
            tracing::warn!("A stream was left open; its channel is too slow to end it.");
        }
    }

    async fn progress(&self, channel: &str, message: OutboundMessage) {
        if let Err(error) = self.send(channel, message).await {
            tracing::debug!(error = error.report(), "Left out a progress message.");
        }
    }

    /// Tries until the message is delivered, given up, or put aside.
    async fn parcel(&self, channel: &str, mut parcel: Parcel) {
        let started = Instant::now();
        loop {
            self.until_running(channel).await;
            if parcel.is_unknown && !self.may_repeat(channel, &mut parcel.message).await {
                return;
            }
            if !self.begin(&parcel.message.delivery_id).await {
                return;
            }
            let error = match self.send(channel, parcel.message.clone()).await {
                Ok(receipt) => {
                    let outcome = Settlement::Delivered(receipt);
                    let id = &parcel.message.delivery_id;
                    return self.settle(channel, id, outcome, started).await;
                }
                Err(error) => error,
            };
            let message = &mut parcel.message;
            let max_attempts = self.max_attempts.load(Ordering::Relaxed);
            let next = decide(&error, message.attempt, started.elapsed(), max_attempts);
            let Next::Retry(pause) = next else {
                let outcome = Settlement::Dead { reason: error.report() };
                return self.settle(channel, &message.delivery_id, outcome, started).await;
            };
            parcel.is_unknown = leaves_outcome_unknown(&error);
            self.failed(&message.delivery_id, &error, parcel.is_unknown).await;
            self.pause(channel, &error, jittered(pause), message).await;
            message.attempt = message.attempt.saturating_add(1);
        }
    }

    /// Waits for a channel that is down or not started yet: that is no try of the delivery.
    async fn until_running(&self, channel: &str) {
        while !self.roster.is_running(channel) {
            tokio::select! {
                () = tokio::time::sleep(RUNNING_WAIT) => {}
                () = self.board.connected_again(channel) => {}
            }
        }
    }

    /// Decides about a message that the platform may have: false if it was put aside.
    async fn may_repeat(&self, channel: &str, message: &mut OutboundMessage) -> bool {
        match self.roster.on_unknown(channel) {
            None => true,
            Some(OnUnknown::Resend) => {
                message.metadata.insert(POSSIBLE_DUPLICATE.to_owned(), true.into());
                true
            }
            Some(OnUnknown::Hold) => {
                self.hold(&message.delivery_id).await;
                self.metrics.delivery_held(channel);
                false
            }
        }
    }

    async fn hold(&self, delivery_id: &str) {
        tracing::warn!("A delivery may have arrived or not: put aside.");
        let reason = "it may have arrived or not";
        if let Err(error) = self.ledger.hold_delivery(delivery_id, reason).await {
            tracing::error!(%error, "Could not put a delivery aside.");
        }
    }

    /// Notes that the platform is about to be called; false if somebody took the delivery back.
    /// Nothing is sent before this is stored: else a crash could not be told from a try that never
    /// was.
    async fn begin(&self, delivery_id: &str) -> bool {
        loop {
            match self.ledger.begin_delivery(delivery_id).await {
                Ok(is_wanted) => return is_wanted,
                Err(error) => {
                    tracing::error!(%error, "The ledger failed; trying again.");
                    tokio::time::sleep(LEDGER_WAIT).await;
                }
            }
        }
    }

    async fn failed(&self, delivery_id: &str, error: &ChannelError, is_unknown: bool) {
        let failed = FailedTry { reason: error.report(), is_unknown };
        if let Err(error) = self.ledger.fail_try(delivery_id, failed).await {
            tracing::error!(%error, "Could not store that a delivery failed.");
        }
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

    async fn settle(
        &self,
        channel: &str,
        delivery_id: &str,
        outcome: Settlement,
        started: Instant,
    ) {
        match &outcome {
            Settlement::Delivered(_) => {
                self.board.delivered(channel);
                self.metrics.delivery_ended(channel, "delivered", started.elapsed());
            }
            Settlement::Dead { reason } => {
                tracing::error!(reason, "A delivery was given up.");
                self.metrics.delivery_ended(channel, "dead", started.elapsed());
            }
        }
        if let Err(error) = self.ledger.settle(delivery_id, outcome).await {
            tracing::error!(%error, "Could not store that a delivery ended.");
        }
    }

    /// Delivers text while it comes. The end decides: if the channel does not take it, the whole
    /// text is sent as a message with the same delivery id.
    async fn stream(&self, channel: &str, buffer: &StreamBuffer) {
        let mut text = String::new();
        // All steps go to one run of the channel, which in turn waits for them when it is to stop.
        let mut lease = None;
        let (told, close) = self.deltas(channel, &mut lease, buffer, &mut text).await;
        let complete = close.text.as_ref().unwrap_or(&text);
        let piece = complete.strip_prefix(&text[..told]).unwrap_or_default();
        let last = step(buffer, complete, piece, Some(close.end));
        let id = &buffer.message.delivery_id;
        // Only the last segment of a turn that was not cut off is a delivery.
        let is_delivery = close.text.is_some() && self.begin(id).await;
        let started = Instant::now();
        let ended = self.send_delta(channel, &mut lease, last).await;
        drop(lease);
        let Some(complete) = close.text.filter(|_| is_delivery) else { return };
        match ended {
            Ok(receipt) => {
                self.settle(channel, id, Settlement::Delivered(receipt), started).await;
            }
            Err(error) => {
                tracing::debug!(error = error.report(), "Sending a streamed text whole.");
                let is_unknown = leaves_outcome_unknown(&error);
                self.failed(id, &error, is_unknown).await;
                let message = OutboundMessage { text: complete, ..buffer.message.clone() };
                self.parcel(channel, Parcel { message, is_unknown }).await;
            }
        }
    }

    /// Delivers steps until the end is known; says how much of `text` the channel was told.
    async fn deltas(
        &self,
        channel: &str,
        lease: &mut Option<Lease>,
        buffer: &StreamBuffer,
        text: &mut String,
    ) -> (usize, StreamClose) {
        let (mut told, mut failures) = (0, 0);
        loop {
            if let Some(close) = buffer.read_more(text).await {
                return (told, close);
            }
            let delta = step(buffer, text, &text[told..], None);
            let Err(error) = self.send_delta(channel, lease, delta).await else {
                (told, failures) = (text.len(), 0);
                continue;
            };
            tracing::debug!(error = error.report(), "A step of a stream failed.");
            if error.kind() == ErrorKind::Network {
                failures += 1;
            }
            match (error.retry_after(), error.kind()) {
                (Some(wait), _) => tokio::time::sleep(wait).await,
                (None, ErrorKind::RateLimited) => tokio::time::sleep(UNSAID_WAIT).await,
                // The next step tells the whole text again.
                (None, ErrorKind::Network) if failures < MAX_LOST_STEPS => {
                    tokio::time::sleep(UNSAID_WAIT).await;
                }
                // After a step failed for good only the end is worth a call.
                (None, _) => return (told, buffer.read_end(text).await),
            }
        }
    }

    async fn send(&self, channel: &str, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        self.roster.lease(channel)?.send(message).await
    }

    async fn send_delta(
        &self,
        channel: &str,
        lease: &mut Option<Lease>,
        delta: Delta<'_>,
    ) -> Result<Receipt, ChannelError> {
        let lease = match lease {
            Some(lease) => lease,
            none => none.insert(self.roster.lease(channel)?),
        };
        lease.send_delta(delta).await
    }
}

/// True if the platform may have got the message although the call failed.
fn leaves_outcome_unknown(error: &ChannelError) -> bool {
    matches!(error.kind(), ErrorKind::Network | ErrorKind::Internal | ErrorKind::Cancelled)
}

/// A call of a channel that panics or hangs is a failure like any other.
pub(crate) async fn guarded(
    call: impl Future<Output = Result<Receipt, ChannelError>>,
) -> Result<Receipt, ChannelError> {
    match timeout(CALL_LIMIT, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(ChannelError::internal("the channel panicked during a delivery")),
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
