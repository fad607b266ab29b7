//! Framing and request correlation of the nanobot plugin link: one JSON-RPC object per line.
//!
//! Both ends of a link are alike, so host and plugin share this crate. [`link`] makes the three
//! parts: a [`Peer`] to call the other side with, a [`Reader`] that hands over what it says, and a
//! [`Writer`] that owns the pipe.
//!
//! - Nothing blocks the reader: it hands messages to a plain function, and answers to whoever
//!   waits for them.
//! - Every queue is bounded. A side that floods the other with calls and never reads the answers
//!   loses the link.
//! - When either direction ends, all waiting requests fail at once; none waits for its timeout.

mod error;
mod peer;
mod reader;
mod writer;

pub use error::LinkError;
pub use peer::Peer;
pub use reader::{ReadError, Reader};
pub use writer::Writer;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

/// Lines that may wait for the pipe. Callers wait when it is full.
const WRITER_QUEUE_LINES: usize = 1024;

/// Makes the three parts of a link over a pair of byte streams.
pub fn link<R, W>(read: R, write: W) -> (Peer, Reader<R>, Writer<W>)
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let (lines, queue) = mpsc::channel(WRITER_QUEUE_LINES);
    let peer = Peer::new(lines);
    let reader = Reader::new(read, peer.clone());
    (peer.clone(), reader, Writer::new(write, queue, peer))
}
