use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use nanobot_channel::{ChannelError, ErrorKind};
use nanobot_protocol::StreamAck;

use crate::stream::Stream;

/// Streams of one plugin that are open at a time.
const MAX_OPEN: usize = 1024;

/// Largest window that is used, whatever the plugin names.
const MAX_WINDOW: u32 = 64;

/// The open streams of one process; they end with it.
#[derive(Default)]
pub(crate) struct Streams {
    /// Set by the handshake, if the plugin streams.
    window: OnceLock<u32>,
    open: Mutex<HashMap<String, Arc<Stream>>>,
}

impl Streams {
    pub(crate) fn enable(&self, window: u32) {
        let _ = self.window.set(window.clamp(1, MAX_WINDOW));
    }

    pub(crate) fn get(&self, stream_id: &str) -> Option<Arc<Stream>> {
        self.open().get(stream_id).cloned()
    }

    /// Opens a stream, to be closed by [`close`](Self::close).
    pub(crate) fn start(&self, stream_id: &str) -> Result<Arc<Stream>, ChannelError> {
        let window = *self
            .window
            .get()
            .ok_or_else(|| ChannelError::unsupported("the plugin does not stream"))?;
        let mut open = self.open();
        if open.len() >= MAX_OPEN {
            let text = "too many streams are open";
            return Err(ChannelError::new(ErrorKind::Overloaded, text));
        }
        let stream = Arc::new(Stream::new(window));
        open.insert(stream_id.to_owned(), Arc::clone(&stream));
        Ok(stream)
    }

    pub(crate) fn close(&self, stream_id: &str) {
        self.open().remove(stream_id);
    }

    /// Takes note of an acknowledgement; late ones of closed streams are of no use to anybody.
    pub(crate) fn acknowledge(&self, ack: StreamAck) {
        if let Some(stream) = self.get(&ack.stream_id) {
            stream.acknowledge(ack.seq, ack.error);
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, Arc<Stream>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
