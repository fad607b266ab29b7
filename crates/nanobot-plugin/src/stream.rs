use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_channel::{Channel, ChannelError, Delta, Receipt};
use nanobot_plugin_link::Peer;
use nanobot_protocol::line::Id;
use nanobot_protocol::{
    ErrorKind, ErrorObject, MAX_LINE_BYTES, StreamAck, StreamDelta, StreamEnd, StreamStart,
};
use tokio::sync::Notify;

use crate::caught::caught;
use crate::convert;

/// Longest text that a stream keeps; the complete text at its end has to fit into a line anyway.
const MAX_TEXT_BYTES: usize = MAX_LINE_BYTES;

/// What the reader has for a stream while its task is busy: text is joined, an end comes after it.
#[derive(Default)]
pub(crate) struct Feed {
    pending: Mutex<Pending>,
    changed: Notify,
}

#[derive(Default)]
struct Pending {
    piece: String,
    /// Of the last delta in `piece`; 0 if there is none.
    seq: u64,
    total_bytes: usize,
    end: Option<(Id, StreamEnd)>,
}

/// What a stream has to do next.
enum Step {
    Delta { piece: String, seq: u64 },
    End(Id, StreamEnd),
}

impl Feed {
    /// Adds a delta; one that makes the text too long is refused.
    pub(crate) fn push(&self, delta: StreamDelta, peer: &Peer) {
        let mut pending = self.pending();
        if pending.total_bytes + delta.text.len() > MAX_TEXT_BYTES {
            drop(pending);
            peer.try_notify(&StreamAck {
                stream_id: delta.stream_id,
                seq: delta.seq,
                error: Some(ErrorObject::new(ErrorKind::Invalid, "the stream is too long")),
            });
            return;
        }
        pending.total_bytes += delta.text.len();
        pending.seq = delta.seq;
        if pending.piece.is_empty() {
            pending.piece = delta.text;
        } else {
            pending.piece.push_str(&delta.text);
        }
        drop(pending);
        self.changed.notify_one();
    }

    pub(crate) fn end(&self, id: Id, end: StreamEnd) {
        self.pending().end = Some((id, end));
        self.changed.notify_one();
    }

    async fn next(&self) -> Step {
        loop {
            if let Some(step) = self.pending().take() {
                return step;
            }
            self.changed.notified().await;
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn take(&mut self) -> Option<Step> {
        // The end carries the complete text, so deltas that still wait are part of it.
        if let Some((id, end)) = self.end.take() {
            return Some(Step::End(id, end));
        }
        let seq = std::mem::take(&mut self.seq);
        (seq != 0).then(|| Step::Delta { piece: std::mem::take(&mut self.piece), seq })
    }
}

/// One stream: hands the channel one step after the other.
pub(crate) struct Stream {
    start: StreamStart,
    channel: Arc<dyn Channel>,
    feed: Arc<Feed>,
    peer: Peer,
    text: String,
}

impl Stream {
    pub(crate) fn new(
        start: StreamStart,
        channel: Arc<dyn Channel>,
        feed: Arc<Feed>,
        peer: Peer,
    ) -> Self {
        Self { start, channel, feed, peer, text: String::new() }
    }

    /// Runs until the end, and says which request wants the result.
    pub(crate) async fn run(mut self) -> Option<(Id, Result<Receipt, ChannelError>)> {
        loop {
            match self.feed.next().await {
                Step::Delta { piece, seq } => self.delta(&piece, seq).await?,
                Step::End(id, end) => return Some((id, self.end(&end).await)),
            }
        }
    }

    /// None if the host is gone.
    async fn delta(&mut self, piece: &str, seq: u64) -> Option<()> {
        self.text.push_str(piece);
        let result = caught("send_delta", self.channel.send_delta(self.step(piece))).await;
        let ack = StreamAck {
            stream_id: self.start.stream_id.clone(),
            seq,
            error: result.err().as_ref().map(convert::error_object),
        };
        self.peer.notify(&ack).await.ok()
    }

    async fn end(&self, end: &StreamEnd) -> Result<Receipt, ChannelError> {
        let step = Delta {
            text: &end.text,
            end: Some(convert::stream_end(end)),
            ..self.step(end.text.strip_prefix(self.text.as_str()).unwrap_or_default())
        };
        caught("send_delta", self.channel.send_delta(step)).await
    }

    fn step<'a>(&'a self, piece: &'a str) -> Delta<'a> {
        Delta {
            stream_id: &self.start.stream_id,
            delivery_id: &self.start.delivery_id,
            chat_id: &self.start.chat.id,
            thread_id: self.start.chat.thread_id.as_deref(),
            text: &self.text,
            piece,
            end: None,
            reply_to: self.start.reply_to.as_deref(),
            metadata: &self.start.metadata,
        }
    }
}
