use std::sync::Arc;

use nanobot_channel::{Acceptance, ChannelContext, ChannelError, ErrorKind, InboundMessage};

use crate::WebHub;
use crate::conversation_id::is_valid_id;
use crate::entry::{Author, Draft};
use crate::protocol::{Refusal, RefusalReason};
use crate::store::Slot;

/// Everybody who reaches the page is the same person.
const SENDER: &str = "local";

impl WebHub {
    /// Hands a message of the page to the gateway and stores it once it is accepted.
    pub(crate) async fn take(
        self: &Arc<Self>,
        chat: &str,
        id: String,
        text: String,
    ) -> Result<(), Refusal> {
        self.check(chat, &id, &text)?;
        let Some(cx) = self.gateway() else {
            return Err(not_ready());
        };
        let slot = self.store.slot(chat);
        let hub = Arc::clone(self);
        // A task of its own: if the connection breaks now, what the gateway accepts must still get
        // into the transcript.
        let handover =
            self.handovers.spawn(async move { hub.hand_over(&cx, slot, id, text).await });
        handover.await.unwrap_or_else(|error| {
            tracing::error!(error = %error, "Handing a message to the gateway failed.");
            Err(failed("the message could not be handed over"))
        })
    }

    fn check(&self, chat: &str, id: &str, text: &str) -> Result<(), Refusal> {
        let problem = if !is_valid_id(chat) || !is_valid_id(id) {
            "this is not a valid id".to_owned()
        } else if text.trim().is_empty() {
            "the message is empty".to_owned()
        } else if text.len() > self.limits.max_text_bytes {
            let kib = self.limits.max_text_bytes / 1024;
            format!("the message is too long, at most {kib} KiB can be sent")
        } else if self.store.is_deleted(chat) {
            "this conversation was deleted".to_owned()
        } else {
            return Ok(());
        };
        Err(Refusal::new(RefusalReason::Rejected, problem))
    }

    async fn hand_over(
        self: Arc<Self>,
        cx: &ChannelContext,
        slot: Arc<Slot>,
        id: String,
        text: String,
    ) -> Result<(), Refusal> {
        let _handing_over = slot.handing_over.lock().await;
        let message =
            InboundMessage::new(SENDER, &slot.chat, text.clone()).with_event_id(id.clone());
        match cx.handle_message(message).await {
            // A duplicate is stored too, unless it is there already: the first time may have ended
            // between the gateway and the transcript.
            Ok(Acceptance::Accepted | Acceptance::Duplicate) => {}
            Ok(Acceptance::Denied) => return Err(denied()),
            Err(error) => return Err(refusal_of(&error)),
        }
        let draft = Draft { id, from: Author::User, text, outcome: None, files: Vec::new() };
        let (hub, place) = (Arc::clone(&self), Arc::clone(&slot));
        match tokio::task::spawn_blocking(move || hub.append(&place, draft)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(not_stored(&error)),
            Err(error) => Err(not_stored(&error)),
        }
    }
}

fn not_ready() -> Refusal {
    Refusal::new(
        RefusalReason::NotReady,
        "the gateway is not ready; the message is sent when it is",
    )
}

fn denied() -> Refusal {
    Refusal::new(
        RefusalReason::Denied,
        "you are not on the allow-list of this channel (channels.web.allowFrom)",
    )
}

fn failed(text: impl Into<String>) -> Refusal {
    Refusal::new(RefusalReason::Failed, text)
}

fn not_stored(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(error = %error, "An accepted message is missing in its transcript.");
    failed(format!("the agent has the message, but {error}"))
}

fn refusal_of(error: &ChannelError) -> Refusal {
    let reason = match error.kind() {
        ErrorKind::Overloaded | ErrorKind::RateLimited => RefusalReason::Overloaded,
        ErrorKind::NotReady | ErrorKind::Cancelled => RefusalReason::NotReady,
        ErrorKind::Rejected | ErrorKind::Invalid => RefusalReason::Rejected,
        _ => RefusalReason::Failed,
    };
    let wait = error.retry_after();
    Refusal {
        reason,
        text: error.report(),
        retry_after_ms: wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
    }
}
