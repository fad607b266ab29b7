use std::time::Duration;

use nanobot_channel::{ChannelError, ChannelState, ChannelStatus};

use super::addressing::COMMANDS;
use super::{Receiver, UpdateMode};
use crate::api::{ApiError, User};
use nanobot_channel_kit::Backoff;

impl Receiver {
    /// Learns who the bot is and prepares Telegram. None if the channel shall stop.
    pub(super) async fn connect(&self) -> Result<Option<User>, ChannelError> {
        self.cx.report(ChannelState::Connecting);
        let mut backoff = Backoff::default();
        loop {
            let error = match self.greet().await {
                Ok(me) => return Ok(Some(me)),
                Err(error) => error,
            };
            if !self.wait_after(error, &mut backoff).await? {
                return Ok(None);
            }
        }
    }

    async fn greet(&self) -> Result<User, ApiError> {
        let me = self.until_shutdown(self.api.get_me()).await?;
        if self.config.mode == UpdateMode::Polling {
            // With a webhook set, getUpdates is refused with 409.
            self.until_shutdown(self.api.delete_webhook()).await?;
        }
        if let Err(error) = self.until_shutdown(self.api.set_commands(COMMANDS)).await {
            tracing::warn!(%error, "Could not set the menu of commands.");
        }
        Ok(me)
    }

    /// A call that ends early when the channel shall stop.
    pub(super) async fn until_shutdown<T>(
        &self,
        call: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let stopped = || Err(ApiError::File(std::io::ErrorKind::Interrupted.into()));
        self.cx.shutdown.run_until_cancelled(call).await.unwrap_or_else(stopped)
    }

    /// Tells the gateway of a failure and waits; false if the channel shall stop.
    ///
    /// # Errors
    ///
    /// Kind `Auth` if waiting cannot help.
    pub(super) async fn wait_after(
        &self,
        error: ApiError,
        backoff: &mut Backoff,
    ) -> Result<bool, ChannelError> {
        if self.cx.shutdown.is_cancelled() {
            return Ok(false);
        }
        if error.is_auth() || matches!(error, ApiError::Proxy) {
            return Err(error.into_channel_error("failed to reach telegram"));
        }
        let pause = error.retry_after().unwrap_or_else(|| backoff.next_pause());
        let is_shut_out = error.is_webhook_conflict();
        self.report_failure(error, pause);
        if is_shut_out && let Err(error) = self.until_shutdown(self.api.delete_webhook()).await {
            tracing::warn!(%error, "Could not remove the webhook.");
        }
        Ok(self.pause(pause).await)
    }

    fn report_failure(&self, error: ApiError, pause: Duration) {
        let reason = match error.code() {
            Some(409) if error.is_webhook_conflict() => {
                "another program has set a webhook for this bot (409 conflict): removing it"
                    .to_owned()
            }
            Some(409) => "another program asks telegram for this bot's messages (409 conflict): \
                          stop it, or use a bot of its own for each"
                .to_owned(),
            _ => error.into_channel_error("failed to ask telegram for messages").report(),
        };
        tracing::warn!(reason, pause_ms = pause.as_millis(), "Telegram cannot be asked now.");
        self.cx.report(ChannelStatus::retrying(reason, pause));
    }
}
