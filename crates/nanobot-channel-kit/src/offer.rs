//! Handing messages to a gateway that may be busy.

use std::time::Duration;

use nanobot_channel::{
    Acceptance, ChannelContext, ChannelError, ErrorKind, InboundMessage, Sender,
};

use crate::Backoff;

/// Pause when the gateway is busy without saying for how long.
const UNSAID_WAIT: Duration = Duration::from_secs(1);

/// What became of a message that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// The gateway has decided.
    Answered(Acceptance),
    /// The gateway will never take it.
    Refused,
    /// The channel stops before the gateway has it.
    Stopped,
}

/// Offers a message until the gateway has decided, or the channel stops.
pub async fn offer(cx: &ChannelContext, message: InboundMessage) -> Offered {
    let mut backoff = Backoff::default();
    loop {
        let error = match cx.handle_message(message.clone()).await {
            Ok(acceptance) => return Offered::Answered(acceptance),
            Err(error) => error,
        };
        if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Invalid) {
            let event = message.event_id.as_deref();
            tracing::warn!(error = error.report(), event, "The gateway refused a message.");
            return Offered::Refused;
        }
        if !wait_for_gateway(cx, &error, &mut backoff).await {
            return Offered::Stopped;
        }
    }
}

/// Whether somebody may write; none if the channel stops before the gateway answers.
pub async fn is_allowed(cx: &ChannelContext, sender: &Sender) -> Option<bool> {
    let mut backoff = Backoff::default();
    loop {
        match cx.is_allowed(sender.clone()).await {
            Ok(is_allowed) => return Some(is_allowed),
            Err(error) if !wait_for_gateway(cx, &error, &mut backoff).await => return None,
            Err(_) => {}
        }
    }
}

/// Waits; false if the channel shall stop.
pub async fn pause(cx: &ChannelContext, time: Duration) -> bool {
    cx.shutdown.run_until_cancelled(tokio::time::sleep(time)).await.is_some()
}

async fn wait_for_gateway(
    cx: &ChannelContext,
    error: &ChannelError,
    backoff: &mut Backoff,
) -> bool {
    let time = match (error.retry_after(), error.kind()) {
        (Some(wait), _) => wait,
        (None, ErrorKind::Overloaded) => UNSAID_WAIT,
        (None, _) => backoff.next_pause(),
    };
    tracing::debug!(error = error.report(), "The gateway does not take a message now.");
    pause(cx, time).await
}

/// Adds lines to a text, each on a line of its own.
pub fn add_lines(text: &mut String, lines: &[String]) {
    for line in lines {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
}
