use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_channel::{OutboundMessage, StreamEnd, StreamOutcome};
use tokio::sync::Notify;

/// The writing end of a stream, held by the turn. Dropping it without an end interrupts the stream.
pub struct StreamHandle {
    buffer: Arc<StreamBuffer>,
}

/// Text on its way from a turn to a lane. The turn only ever appends; the lane takes whatever came
/// since it last looked, so text is joined while the channel is busy.
pub(super) struct StreamBuffer {
    pub(super) stream_id: String,
    /// The message that the stream becomes; its text stays empty.
    pub(super) message: OutboundMessage,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    text: String,
    end: Option<StreamClose>,
}

/// How the writing end was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StreamClose {
    pub(super) end: StreamEnd,
    /// The complete text of a message that is stored in the ledger; `None` if there is none: the
    /// turn goes on with another segment, or was cut off and will be run again.
    pub(super) text: Option<String>,
}

impl StreamHandle {
    pub(super) fn open(stream_id: String, message: OutboundMessage) -> (Self, Arc<StreamBuffer>) {
        let buffer = Arc::new(StreamBuffer {
            stream_id,
            message,
            state: Mutex::default(),
            changed: Notify::new(),
        });
        (Self { buffer: Arc::clone(&buffer) }, buffer)
    }

    /// Adds text. Never blocks.
    pub fn push(&self, piece: &str) {
        self.buffer.state().text.push_str(piece);
        self.buffer.changed.notify_one();
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.buffer.state().text.clone()
    }

    /// Ends a segment that another one follows; what was said of it is all there is.
    pub fn end_segment(self) {
        let end = StreamEnd { outcome: StreamOutcome::Complete, continues: true };
        self.buffer.close(StreamClose { end, text: None });
    }

    /// Ends the stream with the complete text, which is stored in the ledger.
    pub fn end(self, text: String, end: StreamEnd) {
        self.buffer.close(StreamClose { end, text: Some(text) });
    }
}

impl Drop for StreamHandle {
    fn drop(&mut self) {
        let end = StreamEnd { outcome: StreamOutcome::Interrupted, continues: false };
        self.buffer.close(StreamClose { end, text: None });
    }
}

impl StreamBuffer {
    fn close(&self, close: StreamClose) {
        let mut state = self.state();
        if state.end.is_none() {
            state.end = Some(close);
            self.changed.notify_one();
        }
    }

    /// Appends to `text` what it lacks; waits until there is something. Some at the end.
    pub(super) async fn read_more(&self, text: &mut String) -> Option<StreamClose> {
        loop {
            {
                let state = self.state();
                let from = text.len();
                text.push_str(&state.text[from..]);
                if state.end.is_some() {
                    return state.end.clone();
                }
                if text.len() > from {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Waits for the end.
    pub(super) async fn read_end(&self, text: &mut String) -> StreamClose {
        loop {
            if let Some(close) = self.read_more(text).await {
                return close;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use nanobot_channel::OutboundKind;

    use super::*;

    fn open() -> (StreamHandle, Arc<StreamBuffer>) {
        let message = OutboundMessage {
            delivery_id: "d".into(),
            chat_id: "c".into(),
            thread_id: None,
            text: String::new(),
            kind: OutboundKind::Final,
            attachments: Vec::new(),
            reply_to: None,
            attempt: 1,
            metadata: nanobot_channel::Metadata::new(),
        };
        StreamHandle::open("s".into(), message)
    }

    #[tokio::test]
    async fn text_that_came_meanwhile_is_joined() {
        let (handle, buffer) = open();
        let mut text = String::new();
        handle.push("Hel");
        assert_eq!(buffer.read_more(&mut text).await, None);
        handle.push("lo");
        handle.push(" you");
        assert_eq!(buffer.read_more(&mut text).await, None);
        assert_eq!(text, "Hello you");
    }

    #[tokio::test]
    async fn a_dropped_stream_ends_once_and_as_interrupted() {
        let (handle, buffer) = open();
        handle.push("Hel");
        drop(handle);
        let close = buffer.read_end(&mut String::new()).await;
        assert_eq!((close.end.outcome, close.text), (StreamOutcome::Interrupted, None));
    }

    #[tokio::test]
    async fn the_end_is_seen_with_its_text_although_the_handle_is_dropped_after_it() {
        let (handle, buffer) = open();
        let end = StreamEnd { outcome: StreamOutcome::Complete, continues: false };
        handle.end("Hello".into(), end);
        let close = buffer.read_end(&mut String::new()).await;
        assert_eq!(close, StreamClose { end, text: Some("Hello".into()) });
    }
}
