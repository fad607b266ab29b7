use nanobot_channel::Acceptance;
use nanobot_channel_kit::{Offered, add_lines, is_allowed, offer};

use super::Receiver;
use super::addressing::is_for;
use super::backlog::Unit;
use super::inbound::{inbound, thread};
use super::media::media_of;
use crate::api::Message;
use crate::config::EditedMessages;

/// True: Telegram may forget the unit. False: the channel stops before the gateway has it.
pub(super) type IsDone = bool;

impl Receiver {
    /// Hands a unit to the gateway and returns when it is stored, or needs nothing.
    pub(super) async fn take(&self, unit: &Unit) -> IsDone {
        let answers_edits = self.config.edited_messages == EditedMessages::Answer;
        let is_meant = |message: &Message| {
            // Updates from before a change of the config may still come.
            (answers_edits || !message.is_edit)
                && is_for(&self.me, self.config.group_policy, message)
        };
        if !unit.messages.iter().any(is_meant) {
            return true;
        }
        let Some(mut message) = inbound(&self.cx.name, unit) else { return true };
        let media: Vec<_> = unit.messages.iter().flat_map(media_of).collect();
        if message.text.is_empty() && media.is_empty() {
            return true;
        }
        // A stranger must not make this machine fetch files.
        if !media.is_empty() {
            let Some(is_allowed) = is_allowed(&self.cx, &message.sender).await else {
                return false;
            };
            if is_allowed {
                let (files, notes) = self.fetch_media(&media).await;
                // What was not fetched because of the shutdown is fetched after the next start.
                if self.cx.shutdown.is_cancelled() {
                    return false;
                }
                message.attachments = files;
                add_lines(&mut message.text, &notes);
            }
        }
        let offered = offer(&self.cx, message).await;
        if offered == Offered::Answered(Acceptance::Accepted) {
            self.acknowledge(unit);
        }
        offered != Offered::Stopped
    }

    /// Shows the writer that the message has arrived.
    fn acknowledge(&self, unit: &Unit) {
        if let Some(message) = unit.messages.first() {
            self.speaker.acknowledge(message.chat.id, thread(message), message.message_id);
        }
    }
}
