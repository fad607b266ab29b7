//! Deliveries: messages and streams.

use std::sync::Arc;

use nanobot_channel::ChannelError;
use nanobot_protocol::line::Id;
use nanobot_protocol::{MessageSend, StreamEnd, StreamStart};
use tokio_util::sync::CancellationToken;

use super::Session;
use crate::caught::caught;
use crate::convert;

impl Session {
    pub(super) fn send(&self, id: Id, message: MessageSend) {
        let channel = match self.channel() {
            Ok(channel) => Arc::clone(channel),
            Err(error) => return self.refuse(id, &error),
        };
        let cancel = CancellationToken::new();
        if !self.deliveries.claim(&message.delivery_id, id, &cancel) {
            return;
        }
        let deliveries = Arc::clone(&self.deliveries);
        self.life.spawn(async move {
            let delivery_id = message.delivery_id.clone();
            let sent = caught("send", async { channel.send(convert::outbound(message)).await });
            if let Some(result) = cancel.run_until_cancelled(sent).await {
                deliveries.finish(delivery_id, id, result).await;
            }
        });
    }

    pub(super) fn stream_start(&mut self, start: StreamStart) {
        match self.channel() {
            Ok(channel) if self.streams_text() => {
                let channel = Arc::clone(channel);
                self.streams.start(start, channel);
            }
            _ => tracing::debug!("Ignored the start of a stream."),
        }
    }

    pub(super) fn stream_end(&mut self, id: Id, end: StreamEnd) {
        if self.streams_text() {
            self.streams.end(id, end);
        } else {
            self.refuse(id, &ChannelError::unsupported("this channel does not stream"));
        }
    }

    fn streams_text(&self) -> bool {
        self.factory.description.capabilities.streaming
    }
}
