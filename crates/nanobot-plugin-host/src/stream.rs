use std::sync::{Mutex, MutexGuard, PoisonError};

use nanobot_protocol::ErrorObject;
use tokio::sync::Notify;

/// One open stream: what of its text was sent, and what of that was acknowledged.
pub(crate) struct Stream {
    window: u64,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    sent_bytes: usize,
    sent: u64,
    acknowledged: u64,
    error: Option<ErrorObject>,
    is_stalled: bool,
}

/// A delta to send.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) seq: u64,
    pub(crate) text: &'a str,
}

/// Why no further delta may be sent now.
#[derive(Debug, PartialEq)]
pub(crate) enum Blocked {
    /// The platform did not take a delta; told once.
    Error(ErrorObject),
    /// The plugin did not acknowledge for so long that it is not waited for again.
    Stalled,
}

impl Stream {
    pub(crate) fn new(window: u32) -> Self {
        Self { window: u64::from(window), state: Mutex::default(), changed: Notify::new() }
    }

    /// What the plugin lacks of the text. Counted here and not taken from the caller, because the
    /// piece of a call that failed is missing, too.
    pub(crate) fn next_piece<'a>(&self, text: &'a str) -> Option<Piece<'a>> {
        let mut state = self.state();
        let piece = text.get(state.sent_bytes..).filter(|text| !text.is_empty())?;
        state.sent_bytes = text.len();
        state.sent += 1;
        Some(Piece { seq: state.sent, text: piece })
    }

    pub(crate) fn acknowledge(&self, seq: u64, error: Option<ErrorObject>) {
        let mut state = self.state();
        // A plugin cannot acknowledge what it has not got.
        state.acknowledged = state.acknowledged.max(seq.min(state.sent));
        state.is_stalled = false;
        if error.is_some() {
            state.error = error;
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Waits until a delta may be sent.
    pub(crate) async fn room(&self) -> Result<(), Blocked> {
        loop {
            if let Some(result) = self.look() {
                return result;
            }
            // A stream has one caller at a time, and `notify_one` is kept for it.
            self.changed.notified().await;
        }
    }

    /// The plugin left a delta without acknowledgement for too long.
    pub(crate) fn stall(&self) {
        self.state().is_stalled = true;
    }

    fn look(&self) -> Option<Result<(), Blocked>> {
        let mut state = self.state();
        if let Some(error) = state.error.take() {
            return Some(Err(Blocked::Error(error)));
        }
        if state.sent - state.acknowledged < self.window {
            return Some(Ok(()));
        }
        state.is_stalled.then_some(Err(Blocked::Stalled))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nanobot_protocol::ErrorKind;

    fn now(stream: &Stream) -> Option<Result<(), Blocked>> {
        use futures_util::FutureExt;
        stream.room().now_or_never()
    }

    #[test]
    fn window_is_kept_and_acknowledgements_are_cumulative() {
        let stream = Stream::new(2);
        assert_eq!(stream.next_piece("a"), Some(Piece { seq: 1, text: "a" }));
        assert_eq!(now(&stream), Some(Ok(())));
        assert_eq!(stream.next_piece("abö"), Some(Piece { seq: 2, text: "bö" }));
        assert_eq!(stream.next_piece("abö"), None);
        assert_eq!(now(&stream), None);
        stream.acknowledge(2, None);
        assert_eq!(now(&stream), Some(Ok(())));
    }

    #[test]
    fn an_error_is_told_once_and_unsent_text_is_not_lost() {
        let stream = Stream::new(1);
        stream.next_piece("a");
        let error = ErrorObject::new(ErrorKind::RateLimited, "slow down");
        stream.acknowledge(1, Some(error.clone()));
        assert_eq!(now(&stream), Some(Err(Blocked::Error(error))));
        assert_eq!(now(&stream), Some(Ok(())));
        assert_eq!(stream.next_piece("abc"), Some(Piece { seq: 2, text: "bc" }));
    }

    #[test]
    fn acknowledging_the_future_gives_no_room_in_it() {
        let stream = Stream::new(1);
        stream.next_piece("a");
        stream.acknowledge(u64::MAX, None);
        stream.next_piece("ab");
        assert_eq!(now(&stream), None);
    }

    #[test]
    fn a_stalled_stream_is_not_waited_for_until_it_is_acknowledged() {
        let stream = Stream::new(1);
        stream.next_piece("a");
        stream.stall();
        assert_eq!(now(&stream), Some(Err(Blocked::Stalled)));
        stream.acknowledge(1, None);
        assert_eq!(now(&stream), Some(Ok(())));
    }
}
