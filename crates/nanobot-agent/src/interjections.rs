//! What people say while a turn runs.

use async_trait::async_trait;

use crate::message::Message;

/// Hands out what was said in the session since the turn began.
#[async_trait]
pub trait Interjections: Send + Sync {
    /// Takes what waits, oldest first. It becomes part of the turn, which answers it: whoever hands
    /// it out must not let another turn begin with it once this one is committed.
    ///
    /// Called after each round of tools. The entries come back in the next
    /// [`checkpoint`](crate::TurnEvents::checkpoint) and in the history of the turn, with all that
    /// stands in their `extra`.
    async fn take(&self) -> Vec<Message>;
}
