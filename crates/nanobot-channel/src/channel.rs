use async_trait::async_trait;

use crate::{ChannelContext, ChannelError, Delta, LoginContext, OutboundMessage, Receipt};

/// A chat platform the gateway can talk through.
///
/// The gateway calls `send` and `send_delta` one after the other for one chat, and at the same time
/// for different chats.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Receives until [`ChannelContext::shutdown`] is cancelled, then cleans up and returns.
    ///
    /// Each message goes to [`ChannelContext::handle_message`]. Reconnecting is the channel's own
    /// business: report it with [`ChannelContext::report`] and go on. Returning early means that the
    /// channel is dead; the gateway then starts it again after a pause.
    ///
    /// # Errors
    ///
    /// Returns the reason for giving up. [`ChannelError::kind`] tells the gateway whether starting
    /// again may help: [`Auth`](crate::ErrorKind::Auth) waits for a login,
    /// [`Invalid`](crate::ErrorKind::Invalid) for a changed config.
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError>;

    /// Delivers one message, splitting it if the platform requires that.
    ///
    /// Two calls with one [`delivery_id`](OutboundMessage::delivery_id) mean the same message.
    ///
    /// # Errors
    ///
    /// The kind decides what happens next: `Network`, `NotReady` and `RateLimited` are tried again,
    /// `Rejected` and `NotFound` are not.
    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError>;

    /// Delivers streamed text; called only if [`Capabilities::streaming`](crate::Capabilities) is
    /// set and the channel's config says `"streaming": true`.
    ///
    /// Each call carries the whole text so far, so a channel needs no buffer of its own. Calls
    /// before the last are best effort. The call with [`Delta::end`] set is the delivery itself: an
    /// error there makes the gateway send the whole text with [`Channel::send`].
    ///
    /// # Errors
    ///
    /// `RateLimited` makes the gateway wait before the next call, with the text of that time joined.
    async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let _ = delta;
        Err(ChannelError::unsupported("this channel does not stream"))
    }

    /// Logs in interactively (QR code, link, code); `force` ignores saved credentials.
    ///
    /// Called by `nanobot channels login`, never while [`run`](Channel::run) is active.
    /// Returns true if the channel is now logged in, which is so at once for channels that
    /// need no login.
    ///
    /// # Errors
    ///
    /// Returns why the login failed, kind `Auth` if the platform refused.
    async fn login(&self, cx: LoginContext, force: bool) -> Result<bool, ChannelError> {
        let _ = (cx, force);
        Ok(true)
    }
}
