use nanobot_channel::{ChannelError, Delta, Receipt};
use nanobot_channel_kit::close_open_marks;

use super::{Speaker, receipt};
use crate::format::render;

impl Speaker {
    /// Shows streamed text: one message that grows by edits, and another one where it is full.
    pub(crate) async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let target = self.target(delta.chat_id, delta.thread_id, delta.reply_to, delta.metadata)?;
        let Some(end) = delta.end else {
            let parts = render(&close_open_marks(delta.text));
            if parts.is_empty() {
                return Ok(Receipt::default());
            }
            let ids = self.place(delta.delivery_id, &target, &parts, false).await?;
            // While this waits, the caller joins what comes, and the next edit shows all of it.
            tokio::time::sleep(self.edit_interval).await;
            return Ok(receipt(&ids));
        };
        let parts = render(delta.text);
        let ids = self.place(delta.delivery_id, &target, &parts, false).await?;
        if !end.continues {
            self.answered(delta.metadata);
        }
        Ok(receipt(&ids))
    }
}
