use nanobot_channel::Acceptance;
use nanobot_channel_kit::{Offered, add_lines, is_allowed};

use super::Receiver;
use super::addressing::is_for;
use super::inbound::inbound;
use super::media::media_of;
use super::places::Place;
use crate::api::Message;

impl Receiver {
    /// Hands a message to the gateway and moves the cursor when it is stored, or needs nothing.
    /// False if the channel stops before.
    pub(super) async fn take(&self, message: &Message) -> bool {
        if self.recent.contains(message.id) {
            return true;
        }
        let place = self.place(message.channel_id, message.guild_id).await;
        if !self.hand_over(message, place).await {
            return false;
        }
        self.recent.add(message.id);
        self.cursors.advance(message.channel_id, message.id, place.is_private());
        true
    }

    async fn hand_over(&self, message: &Message, place: Place) -> bool {
        let me = self.my_id();
        if !self.is_open_place(message.channel_id, place)
            || !is_for(me, self.config.group_policy, message, place)
        {
            return true;
        }
        let mut offer = inbound(me, message, place);
        let media = media_of(message);
        if offer.text.is_empty() && media.is_empty() {
            return true;
        }
        // A stranger must not make this machine fetch files.
        if !media.is_empty() {
            let Some(is_allowed) = is_allowed(&self.cx, &offer.sender).await else { return false };
            if is_allowed {
                let (files, notes) = self.fetch_media(&media).await;
                // What was not fetched because of the shutdown is fetched after the next start.
                if self.cx.shutdown.is_cancelled() {
                    return false;
                }
                offer.attachments = files;
                add_lines(&mut offer.text, &notes);
            }
        }
        let offered = nanobot_channel_kit::offer(&self.cx, offer).await;
        if offered == Offered::Answered(Acceptance::Accepted) {
            self.speaker.acknowledge(message.channel_id, message.id);
        }
        offered != Offered::Stopped
    }
}
