//! `/restart`: the gateway stops in order, starts again, and says so in the chat that asked.
//!
//! All that is known of it across the restart is one delivery in the ledger. It is stored before the
//! gateway stops and held back until its channel is connected again, so it is said once, and also
//! after a crash on the way.

use std::sync::Arc;

use nanobot_channel::{Acceptance, ChannelError, InboundMessage, OutboundKind, OutboundMessage};
use nanobot_ledger::{
    Accepted, InboundEntry, LedgerError, OutboundEntry, TurnCommit, WaitingDelivery, new_id, now_ms,
};
use tokio_util::sync::CancellationToken;

use crate::delivery::Delivery;
use crate::intake::{Reception, cannot_store, full};
use crate::speaker::message_to;
use crate::status::{State, StatusBoard};

/// Said before the gateway stops.
const RESTARTING: &str = "Restarting…";
/// Said where the config forbids it.
const SWITCHED_OFF: &str = "`/restart` is switched off here.";
/// Said after it has started, if it is not known how long it took.
pub(crate) const RESTARTED: &str = "Restart completed.";
/// Marks the delivery that says that a restart is done: when it was asked for, in milliseconds since
/// 1970. The channel never sees it.
const ASKED_MS: &str = "_restart_asked_ms";

impl Reception {
    /// Restarts the gateway. Through the ledger, so that a platform that offers the message again
    /// after the restart does not cause another.
    pub(crate) async fn restart(
        &self,
        channel: &str,
        message: &InboundMessage,
    ) -> Result<Acceptance, ChannelError> {
        let Some(restart) = &self.restart else {
            self.delivery.offer(channel, notice(message, SWITCHED_OFF));
            return Ok(Acceptance::Accepted);
        };
        let id = new_id();
        let entry = InboundEntry {
            id: id.clone(),
            channel: channel.to_owned(),
            // Of its own: the message waits for no turn.
            session: format!("restart:{id}"),
            received_ms: now_ms(),
            message: message.clone(),
        };
        match self.ledger.accept(entry.clone()).await {
            Ok(Accepted::New) => {}
            Ok(Accepted::Duplicate) => return Ok(Acceptance::Duplicate),
            Ok(Accepted::Full) => return Err(full()),
            Err(error) => return Err(cannot_store(channel, error)),
        }
        let stored = self.promise(entry).await;
        stored.map_err(|error| cannot_store(channel, error))?;
        tracing::info!(channel, "Restarting, as a person asked for.");
        self.delivery.offer(channel, notice(message, RESTARTING));
        restart.cancel();
        Ok(Acceptance::Accepted)
    }

    /// Stores what is to be said after the restart.
    async fn promise(&self, entry: InboundEntry) -> Result<(), LedgerError> {
        let InboundEntry { id, channel, session, received_ms, message } = entry;
        self.ledger.claim(&session).await?;
        let mut promised = notice(&message, RESTARTED);
        promised.metadata.insert(ASKED_MS.to_owned(), received_ms.into());
        let outbound = vec![OutboundEntry { channel, message: promised }];
        let commit = TurnCommit { inbound_id: id, session, outbound, ..TurnCommit::default() };
        self.ledger.commit_turn(commit).await
    }
}

fn notice(message: &InboundMessage, text: &str) -> OutboundMessage {
    message_to(message, new_id(), text.to_owned(), OutboundKind::Notice)
}

/// True if the delivery says that a restart is done.
pub(crate) fn is_promise(message: &OutboundMessage) -> bool {
    message.metadata.contains_key(ASKED_MS)
}

/// Says that the restart is done, once the channel can deliver it.
pub(crate) async fn keep_promise(
    mut waiting: WaitingDelivery,
    board: Arc<StatusBoard>,
    delivery: Delivery,
    closing: CancellationToken,
) {
    let connected = board.wait_for(&waiting.entry.channel, State::Connected);
    if closing.run_until_cancelled(connected).await.is_none() {
        return;
    }
    let message = &mut waiting.entry.message;
    let asked_ms = message.metadata.remove(ASKED_MS).and_then(|ms| ms.as_u64());
    if let Some(asked_ms) = asked_ms {
        message.text = completed(now_ms().saturating_sub(asked_ms));
    }
    delivery.take_up(waiting);
}

fn completed(ms: u64) -> String {
    let tenths = ms / 100;
    format!("Restart completed in {}.{} s.", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_in_tenths_of_a_second() {
        assert_eq!(completed(2_349), "Restart completed in 2.3 s.");
        assert_eq!(completed(61_000), "Restart completed in 61.0 s.");
    }
}
