use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{ChannelError, Delta, ErrorKind, OutboundMessage, Receipt, StreamEnd};
use nanobot_plugin_link::{LinkError, Peer};
use nanobot_protocol::{Notification, StreamDelta};
use tokio::time::timeout;

use crate::convert;
use crate::outgoing::Outgoing;
use crate::stream::{Blocked, Stream};
use crate::streams::Streams;

/// A running plugin, to deliver to.
pub(crate) struct Live {
    pub(crate) peer: Peer,
    pub(crate) streams: Arc<Streams>,
    pub(crate) send_timeout: Duration,
    /// Nothing if the plugin can reach the files where they are.
    pub(crate) outgoing: Option<Arc<Outgoing>>,
}

impl Live {
    pub(crate) async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let (message, _lent) = match &self.outgoing {
            Some(outgoing) => outgoing.lend(message).await.map(|(it, lent)| (it, Some(lent)))?,
            None => (message, None),
        };
        let message = convert::outbound(message)?;
        let answer = self.peer.request_within(&message, self.send_timeout).await;
        answer.map(convert::receipt).map_err(convert::link_error)
    }

    pub(crate) async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let stream = match self.streams.get(delta.stream_id) {
            Some(stream) => stream,
            None => self.start(&delta).await?,
        };
        match delta.end {
            Some(end) => self.end(&delta, end).await,
            None => self.grow(&stream, &delta).await,
        }
    }

    async fn start(&self, delta: &Delta<'_>) -> Result<Arc<Stream>, ChannelError> {
        // Text came before, so it went to a process that is gone.
        if delta.text.len() > delta.piece.len() {
            let text = "the stream was lost when its plugin ended";
            return Err(ChannelError::new(ErrorKind::NotReady, text));
        }
        let stream = self.streams.start(delta.stream_id)?;
        let started = self.tell(&convert::stream_start(delta)).await;
        started.inspect_err(|_| self.streams.close(delta.stream_id))?;
        Ok(stream)
    }

    /// Returns when there is room for the next delta, so that it carries the newest text.
    async fn grow(&self, stream: &Stream, delta: &Delta<'_>) -> Result<Receipt, ChannelError> {
        self.room(stream).await?;
        if let Some(piece) = stream.next_piece(delta.text) {
            let wire = StreamDelta {
                stream_id: delta.stream_id.to_owned(),
                seq: piece.seq,
                text: piece.text.to_owned(),
            };
            self.tell(&wire).await?;
            self.room(stream).await?;
        }
        Ok(Receipt::default())
    }

    async fn end(&self, delta: &Delta<'_>, end: StreamEnd) -> Result<Receipt, ChannelError> {
        self.streams.close(delta.stream_id);
        let end = convert::stream_end(delta, end);
        let answer = self.peer.request_within(&end, self.send_timeout).await;
        answer.map(convert::receipt).map_err(convert::link_error)
    }

    async fn room(&self, stream: &Stream) -> Result<(), ChannelError> {
        let room = tokio::select! {
            room = timeout(self.send_timeout, stream.room()) => room,
            () = self.peer.closed() => return Err(convert::link_error(LinkError::Closed)),
        };
        match room {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Blocked::Error(error))) => Err(convert::error(error)),
            Ok(Err(Blocked::Stalled)) => Err(unacknowledged()),
            Err(_) => {
                stream.stall();
                Err(unacknowledged())
            }
        }
    }

    /// A plugin that does not read must not hold up the caller for ever.
    async fn tell<N: Notification>(&self, params: &N) -> Result<(), ChannelError> {
        match timeout(self.send_timeout, self.peer.notify(params)).await {
            Ok(told) => told.map_err(convert::link_error),
            Err(_) => Err(ChannelError::network("the plugin does not read its input")),
        }
    }
}

fn unacknowledged() -> ChannelError {
    ChannelError::network("the plugin does not acknowledge the stream")
}
