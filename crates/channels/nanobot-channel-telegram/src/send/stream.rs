use nanobot_channel::{ChannelError, Delta, Receipt};

use super::repeat::marked;
use super::{Speaker, receipt};
use crate::format::render;
use nanobot_channel_kit::close_open_marks;

impl Speaker {
    /// Shows streamed text: one message that grows by edits, and another one where it is full.
    pub(crate) async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let target = self.target(delta.chat_id, delta.thread_id, delta.reply_to, delta.metadata)?;
        let may_be_doubled = self.recall(delta.delivery_id, &target).await;
        let text = marked(delta.text, may_be_doubled);
        let Some(end) = delta.end else {
            let parts = render(&close_open_marks(&text));
            if parts.is_empty() {
                return Ok(Receipt::default());
            }
            self.stop_typing(&target);
            let ids = self.preview(delta.delivery_id, &target, &parts).await?;
            // While this waits, the caller joins what comes, and the next edit shows all of it.
            tokio::time::sleep(self.edit_interval(&target)).await;
            return Ok(receipt(&ids));
        };
        let ids = self.place(delta.delivery_id, &target, &render(&text)).await?;
        self.done(delta.delivery_id).await;
        if end.continues {
            self.resume_typing(&target);
        } else {
            self.answered(&target, delta.metadata);
        }
        Ok(receipt(&ids))
    }
}
