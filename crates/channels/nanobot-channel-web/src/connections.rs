use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::lock::lock;
use crate::options::Limits;
use crate::protocol::HubFrame;

/// The pages that are connected, and which conversation each is watching.
pub(crate) struct Connections {
    peers: Mutex<HashMap<u64, Peer>>,
    next_id: AtomicU64,
    limits: Limits,
}

struct Peer {
    outbox: Outbox,
    viewing: Option<String>,
}

/// What waits to be written to one page.
///
/// Nobody waits for a page: one that does not read fast enough is disconnected, and gets what it
/// missed when it connects again.
#[derive(Clone)]
pub(crate) struct Outbox {
    frames: mpsc::Sender<Utf8Bytes>,
    queued_bytes: Arc<AtomicUsize>,
    max_bytes: usize,
    overflowed: CancellationToken,
}

/// The reading end of an [`Outbox`].
pub(crate) struct Queue {
    frames: mpsc::Receiver<Utf8Bytes>,
    queued_bytes: Arc<AtomicUsize>,
}

/// A page's place among the connections, given up when it is dropped.
pub(crate) struct Membership {
    connections: Arc<Connections>,
    id: u64,
    pub(crate) outbox: Outbox,
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { peers: Mutex::default(), next_id: AtomicU64::new(0), limits }
    }

    pub(crate) fn join(self: &Arc<Self>) -> (Membership, Queue) {
        let (outbox, queue) = Outbox::new(&self.limits);
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let peer = Peer { outbox: outbox.clone(), viewing: None };
        lock(&self.peers).insert(id, peer);
        let membership = Membership { connections: Arc::clone(self), id, outbox };
        (membership, queue)
    }

    pub(crate) fn to_all(&self, frame: &HubFrame<'_>) {
        self.send(frame, |_| true);
    }

    /// Sends to the pages that watch a conversation; costs next to nothing if there are none.
    pub(crate) fn to_viewers(&self, chat: &str, frame: &HubFrame<'_>) {
        self.send(frame, |peer| peer.viewing.as_deref() == Some(chat));
    }

    fn send(&self, frame: &HubFrame<'_>, is_receiver: impl Fn(&Peer) -> bool) {
        let peers = lock(&self.peers);
        let mut encoded = None;
        for peer in peers.values().filter(|peer| is_receiver(peer)) {
            let bytes = encoded.get_or_insert_with(|| frame.encode());
            peer.outbox.push_encoded(bytes.clone());
        }
    }
}

impl Membership {
    /// Sends the page the history of a conversation, and from now on what comes there. Nothing falls
    /// between the two: a page that knows the history gets all that follows.
    pub(crate) fn view(&self, chat: &str, history: &HubFrame<'_>) {
        let history = history.encode();
        if let Some(peer) = lock(&self.connections.peers).get_mut(&self.id) {
            peer.outbox.push_encoded(history);
            peer.viewing = Some(chat.to_owned());
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        lock(&self.connections.peers).remove(&self.id);
    }
}

impl Outbox {
    fn new(limits: &Limits) -> (Self, Queue) {
        let (sender, receiver) = mpsc::channel(limits.max_queued_frames.max(1));
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let queue = Queue { frames: receiver, queued_bytes: Arc::clone(&queued_bytes) };
        let outbox = Self {
            frames: sender,
            queued_bytes,
            max_bytes: limits.max_queued_bytes,
            overflowed: CancellationToken::new(),
        };
        (outbox, queue)
    }

    pub(crate) fn push(&self, frame: &HubFrame<'_>) {
        self.push_encoded(frame.encode());
    }

    /// Completes when the page has not read fast enough.
    pub(crate) async fn overflowed(&self) {
        self.overflowed.cancelled().await;
    }

    fn push_encoded(&self, frame: Utf8Bytes) {
        let length = frame.len();
        // The frame itself does not count: one that is larger than the bound must still get through
        // to a page that keeps up.
        let queued_before = self.queued_bytes.fetch_add(length, Ordering::Relaxed);
        if queued_before > self.max_bytes || self.frames.try_send(frame).is_err() {
            self.overflowed.cancel();
        }
    }
}

impl Queue {
    /// Waits for frames; after writing them, call [`written`](Self::written).
    pub(crate) async fn next(&mut self, frames: &mut Vec<Utf8Bytes>) {
        const AT_ONCE: usize = 64;
        self.frames.recv_many(frames, AT_ONCE).await;
    }

    pub(crate) fn written(&self, bytes: usize) {
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
