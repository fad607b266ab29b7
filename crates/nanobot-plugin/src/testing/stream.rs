use std::sync::{Arc, Mutex};

use nanobot_channel::{ChannelError, Metadata, Receipt};
use nanobot_plugin_link::Peer;
use nanobot_protocol::{ChatTarget, StreamDelta, StreamEnd, StreamOutcome, StreamStart};
use tokio::sync::watch;

use super::convert;
use super::host::{Ack, Script, lock};
use crate::convert::{channel_error, link_error};

/// A stream that the played gateway has opened; see
/// [`ChannelTest::open_stream`](super::ChannelTest::open_stream).
pub struct TestStream {
    peer: Peer,
    script: Arc<Mutex<Script>>,
    id: String,
    window: u64,
    seq: u64,
    text: String,
    acks: watch::Receiver<Ack>,
}

impl TestStream {
    pub(super) async fn open(
        peer: Peer,
        script: Arc<Mutex<Script>>,
        (id, chat_id): (String, String),
        window: u32,
    ) -> Self {
        let (sender, acks) = watch::channel(None);
        lock(&script).acks.insert(id.clone(), sender);
        let start = StreamStart {
            stream_id: id.clone(),
            delivery_id: format!("delivery-of-{id}"),
            chat: ChatTarget { id: chat_id, thread_id: None },
            reply_to: None,
            metadata: Metadata::new(),
        };
        peer.notify(&start).await.expect("the channel is running");
        Self { peer, script, id, window: window.into(), seq: 0, text: String::new(), acks }
    }

    /// Sends a piece of text, after waiting for a place in the channel's window.
    pub async fn delta(&mut self, text: &str) {
        let window = self.window;
        self.wait_until_waiting_are_fewer_than(window).await;
        self.seq += 1;
        self.text.push_str(text);
        let delta =
            StreamDelta { stream_id: self.id.clone(), seq: self.seq, text: text.to_owned() };
        self.peer.notify(&delta).await.expect("the channel is running");
    }

    /// Waits until the channel has dealt with all pieces; returns the error of the last call.
    ///
    /// # Errors
    ///
    /// What `send_delta` returned.
    pub async fn acked(&mut self) -> Result<(), ChannelError> {
        self.wait_until_waiting_are_fewer_than(1).await;
        let ack = self.acks.borrow().clone();
        ack.and_then(|ack| ack.error).map_or(Ok(()), |error| Err(channel_error(error)))
    }

    async fn wait_until_waiting_are_fewer_than(&mut self, limit: u64) {
        let seq = self.seq;
        let has_room = |ack: &Ack| seq - ack.as_ref().map_or(0, |ack| ack.seq) < limit;
        let waited = self.acks.wait_for(has_room).await;
        waited.expect("the script holds the sender");
    }

    /// Ends the stream with its whole text.
    ///
    /// # Errors
    ///
    /// What `send_delta` returned for the end.
    pub async fn end(self) -> Result<Receipt, ChannelError> {
        let end = StreamEnd {
            stream_id: self.id.clone(),
            text: self.text.clone(),
            outcome: StreamOutcome::Complete,
            continues: false,
        };
        let answer = self.peer.request(&end).await;
        answer.map(convert::receipt).map_err(link_error)
    }
}

impl Drop for TestStream {
    fn drop(&mut self) {
        lock(&self.script).acks.remove(&self.id);
    }
}
