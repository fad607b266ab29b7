use std::sync::Arc;

use super::{Announcement, Announcer, ChatTarget, notice};
use crate::delivery::Delivery;
use crate::status::{State, StatusBoard};

/// Says to one chat that the gateway has started, once its channel is connected and can deliver it.
pub(crate) async fn say_started(
    text: String,
    target: ChatTarget,
    board: Arc<StatusBoard>,
    announcer: Announcer,
) {
    let closing = announcer.closing.clone();
    let connected = board.wait_for(&target.channel, State::Connected);
    if closing.run_until_cancelled(connected).await.is_some() {
        announcer.say(&target, text).await;
    }
}

/// Says that the gateway stops. Not stored: a notice that nobody got in time would be wrong later.
pub(crate) fn say_stopping(announcement: &Announcement, delivery: &Delivery) {
    for target in &announcement.to {
        delivery.offer(&target.channel, notice(target, announcement.text.clone()));
    }
}
