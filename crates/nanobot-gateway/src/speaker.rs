use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use nanobot_agent::{Approver, Ending, Interjections, Message, Outbox, TurnEvents};
use nanobot_channel::{InboundMessage, OutboundKind, OutboundMessage, StreamEnd, StreamOutcome};
use nanobot_ledger::{OutboundEntry, new_id};
use tokio::sync::watch;

use crate::delivery::{Delivery, StreamHandle};
use crate::joining::Joining;
use crate::outbox::Post;
use crate::questions::Questions;
use crate::roster::Hears;

/// Asks for a stream, in the metadata of a received message.
const WANTS_STREAM: &str = "_wants_stream";

/// Brings what a turn says to its chat: as a stream if the channel wants one, else as a message.
///
/// A turn says one or more segments, with tools used between them. The last is the answer and is
/// stored; those before are told while the turn runs and never again.
pub(crate) struct Speaker<'a> {
    delivery: &'a Delivery,
    channel: &'a str,
    origin: &'a InboundMessage,
    hears: Hears,
    segment: Mutex<Segment>,
    streams: StreamIds,
    post: Post<'a>,
    questions: Questions<'a>,
    /// What joins the turn; nothing if that has to wait.
    joining: Option<Joining<'a>>,
    /// What the turn has done so far, for the ledger.
    done: watch::Sender<Option<String>>,
}

/// The segment that is being said.
struct Segment {
    delivery_id: String,
    text: String,
    stream: Stream,
}

enum Stream {
    /// Nothing was said yet.
    NotOpen,
    Open(StreamHandle),
    /// The channel does not stream, or its lane had no room.
    Without,
}

impl TurnEvents for Speaker<'_> {
    fn text(&self, piece: &str) {
        let mut segment = self.segment();
        if matches!(segment.stream, Stream::NotOpen) {
            segment.stream = self.open(&segment.delivery_id);
        }
        match &segment.stream {
            Stream::Open(stream) => stream.push(piece),
            _ => segment.text.push_str(piece),
        }
    }

    fn segment_end(&self, continues: bool) {
        if !continues {
            return;
        }
        let ended = std::mem::replace(&mut *self.segment(), Segment::new());
        match ended.stream {
            Stream::Open(stream) => stream.end_segment(),
            _ => self.tell(&ended.text, OutboundKind::Progress, self.hears.progress),
        }
    }

    fn tool_hint(&self, hint: &str) {
        self.tell(hint, OutboundKind::ToolHint, self.hears.tool_hints);
    }

    fn progress(&self, text: &str) {
        self.tell(text, OutboundKind::Progress, self.hears.progress);
    }

    fn outbox(&self) -> Option<&dyn Outbox> {
        Some(&self.post)
    }

    fn approver(&self) -> Option<&dyn Approver> {
        Some(&self.questions)
    }

    fn interjections(&self) -> Option<&dyn Interjections> {
        self.joining.as_ref().map(|joining| joining as &dyn Interjections)
    }

    fn checkpoint(&self, entries: &[Message]) {
        self.done.send_replace(serde_json::to_string(entries).ok());
    }
}

impl<'a> Speaker<'a> {
    pub(crate) fn new(
        post: Post<'a>,
        questions: Questions<'a>,
        joining: Option<Joining<'a>>,
        hears: Hears,
    ) -> Self {
        Self {
            delivery: post.delivery,
            channel: &post.inbound.channel,
            origin: &post.inbound.message,
            hears,
            streams: StreamIds::new(&post.inbound.session),
            post,
            questions,
            joining,
            segment: Mutex::new(Segment::new()),
            done: watch::Sender::new(None),
        }
    }

    /// What the turn has done so far, each time that it did something.
    pub(crate) fn checkpoints(&self) -> watch::Receiver<Option<String>> {
        self.done.subscribe()
    }

    /// Ids of the messages that have joined the turn.
    pub(crate) fn joined(&self) -> Vec<String> {
        self.joining.as_ref().map(Joining::joined).unwrap_or_default()
    }

    /// What the person has seen of the answer so far.
    pub(crate) fn said(&self) -> String {
        let segment = self.segment();
        match &segment.stream {
            Stream::Open(stream) => stream.text(),
            _ => segment.text.clone(),
        }
    }

    pub(crate) fn final_entry(&self, reply: &str) -> OutboundEntry {
        let message = self.message(&self.segment().delivery_id, reply, OutboundKind::Final);
        OutboundEntry { channel: self.channel.to_owned(), message }
    }

    pub(crate) async fn deliver(self, entry: OutboundEntry, ending: Ending) {
        let outcome = match ending {
            Ending::Complete => StreamOutcome::Complete,
            Ending::Interrupted => StreamOutcome::Interrupted,
            Ending::Failed => StreamOutcome::Failed,
        };
        let segment = self.segment.into_inner().unwrap_or_else(PoisonError::into_inner);
        match segment.stream {
            Stream::Open(stream) => {
                stream.end(entry.message.text, StreamEnd { outcome, continues: false });
            }
            _ => self.delivery.enqueue(entry).await,
        }
    }

    fn open(&self, delivery_id: &str) -> Stream {
        if !self.streams_wanted() {
            return Stream::Without;
        }
        let message = self.message(delivery_id, "", OutboundKind::Final);
        let opened = self.delivery.open_stream(self.channel, self.streams.next(), message);
        opened.map_or(Stream::Without, Stream::Open)
    }

    /// A channel may ask for a stream with a message of its own, whatever its config says.
    fn streams_wanted(&self) -> bool {
        let is_asked = || self.origin.metadata.get(WANTS_STREAM) == Some(&true.into());
        self.hears.deltas || (self.hears.deltas_on_request && is_asked())
    }

    /// Sends a message that may be left out.
    fn tell(&self, text: &str, kind: OutboundKind, is_wanted: bool) {
        if is_wanted && !text.trim().is_empty() {
            self.delivery.offer(self.channel, self.message(&new_id(), text, kind));
        }
    }

    fn message(&self, delivery_id: &str, text: &str, kind: OutboundKind) -> OutboundMessage {
        message_to(self.origin, delivery_id.to_owned(), text.to_owned(), kind)
    }

    fn segment(&self) -> MutexGuard<'_, Segment> {
        self.segment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids of a turn's streams: session, time, number of the segment. Channels of the Python program
/// read the conversation and the order of the segments from them.
struct StreamIds {
    turn: String,
    opened: AtomicU64,
}

impl StreamIds {
    fn new(session: &str) -> Self {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { turn: format!("{session}:{}", elapsed.as_nanos()), opened: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        format!("{}:{}", self.turn, self.opened.fetch_add(1, Ordering::Relaxed))
    }
}

/// A message to the chat and thread that another one came from.
pub(crate) fn message_to(
    origin: &InboundMessage,
    delivery_id: String,
    text: String,
    kind: OutboundKind,
) -> OutboundMessage {
    OutboundMessage {
        delivery_id,
        chat_id: origin.chat_id.clone(),
        thread_id: origin.thread_id.clone(),
        text,
        kind,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: origin.metadata.clone(),
    }
}

impl Segment {
    fn new() -> Self {
        Self { delivery_id: new_id(), text: String::new(), stream: Stream::NotOpen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_a_turn_are_named_by_session_time_and_number() {
        let ids = StreamIds::new("webhook:42");
        let (first, second) = (ids.next(), ids.next());
        let turn = first.strip_suffix(":0").expect("the first is number 0");
        assert_eq!(second, format!("{turn}:1"));
        let time = turn.strip_prefix("webhook:42:").expect("the session comes first");
        assert!(time.parse::<u128>().is_ok_and(|nanoseconds| nanoseconds > 1 << 60), "{time}");
    }
}
