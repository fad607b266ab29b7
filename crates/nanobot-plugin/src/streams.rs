use std::collections::HashMap;
use std::sync::Arc;

use nanobot_channel::{Channel, ChannelError};
use nanobot_protocol::line::Id;
use nanobot_protocol::{StreamDelta, StreamEnd, StreamStart};
use tokio_util::sync::CancellationToken;

use crate::deliveries::Deliveries;
use crate::lifetime::Lifetime;
use crate::stream::{Feed, Stream};

/// Streams that may be open at a time; the host has one for each chat at most.
const MAX_OPEN: usize = 512;

/// The open streams. Each has a task of its own; this holds their ends towards the reader.
pub(crate) struct Streams {
    open: HashMap<String, Open>,
    deliveries: Arc<Deliveries>,
    life: Arc<Lifetime>,
}

struct Open {
    delivery_id: String,
    feed: Arc<Feed>,
    cancel: CancellationToken,
}

impl Streams {
    pub(crate) fn new(deliveries: Arc<Deliveries>, life: Arc<Lifetime>) -> Self {
        Self { open: HashMap::new(), deliveries, life }
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn start(&mut self, start: StreamStart, channel: Arc<dyn Channel>) {
        if self.open.len() >= MAX_OPEN || self.open.contains_key(&start.stream_id) {
            // Its end will be refused, so that the host sends the text as a message.
            tracing::warn!(open = self.open.len(), "A stream was not opened.");
            return;
        }
        let open = Open {
            delivery_id: start.delivery_id.clone(),
            feed: Arc::default(),
            cancel: CancellationToken::new(),
        };
        self.spawn(start.clone(), &open, channel);
        self.open.insert(start.stream_id, open);
    }

    fn spawn(&self, start: StreamStart, open: &Open, channel: Arc<dyn Channel>) {
        let delivery_id = start.delivery_id.clone();
        let deliveries = Arc::clone(&self.deliveries);
        let cancel = open.cancel.clone();
        let feed = Arc::clone(&open.feed);
        let stream = Stream::new(start, channel, feed, self.life.peer.clone());
        self.life.spawn(async move {
            if let Some(Some((id, result))) = cancel.run_until_cancelled(stream.run()).await {
                deliveries.finish(delivery_id, id, result).await;
            }
        });
    }

    pub(crate) fn delta(&self, delta: StreamDelta) {
        match self.open.get(&delta.stream_id) {
            Some(open) => open.feed.push(delta, &self.life.peer),
            None => tracing::debug!(
                stream_id = delta.stream_id,
                "Ignored a delta of a stream that is not open."
            ),
        }
    }

    pub(crate) fn end(&mut self, id: Id, end: StreamEnd) {
        let Some(open) = self.open.remove(&end.stream_id) else {
            let error = ChannelError::invalid(format!("stream {} is not open", end.stream_id));
            return self.deliveries.refuse(id, &error);
        };
        if self.deliveries.claim(&open.delivery_id, id, &open.cancel) {
            open.feed.end(id, end);
        } else {
            // Delivered already, or being delivered.
            open.cancel.cancel();
        }
    }

    /// Gives up the streams that have no end yet; they will get none.
    pub(crate) fn close(&mut self) {
        for (_, open) in self.open.drain() {
            open.cancel.cancel();
        }
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.close();
    }
}
