use futures_util::StreamExt;
use nanobot_protocol::line::{self, Incoming};
use nanobot_protocol::{MAX_LINE_BYTES, Messages};
use tokio::io::AsyncRead;
use tokio_util::codec::{AnyDelimiterCodec, AnyDelimiterCodecError, FramedRead};

use crate::Peer;

/// Reads what the other side says.
pub struct Reader<R> {
    lines: FramedRead<R, AnyDelimiterCodec>,
    peer: Peer,
    noise: u64,
}

/// Why reading ended before the end of the stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A line is longer than [`MAX_LINE_BYTES`].
    #[error("a line is longer than {MAX_LINE_BYTES} bytes")]
    LineTooLong,
    /// The stream failed.
    #[error("failed to read a line")]
    Io(#[source] std::io::Error),
}

impl<R: AsyncRead + Unpin + Send> Reader<R> {
    pub(crate) fn new(read: R, peer: Peer) -> Self {
        // Bytes and not text: a library may print anything, and that must not end the link.
        let line_feed = b"\n".to_vec();
        let codec =
            AnyDelimiterCodec::new_with_max_length(line_feed.clone(), line_feed, MAX_LINE_BYTES);
        Self { lines: FramedRead::with_capacity(read, codec, 64 * 1024), peer, noise: 0 }
    }

    /// Reads until the stream ends or the link is closed, then closes the link.
    ///
    /// `handle` gets each request and notification in the order of the pipe, and must not block.
    /// Requests that are not known or not valid are answered here.
    ///
    /// # Errors
    ///
    /// See [`ReadError`]. The link is closed then, too.
    pub async fn run<M: Messages>(mut self, mut handle: impl FnMut(M)) -> Result<(), ReadError> {
        let result = self.read_all(&mut handle).await;
        self.peer.close();
        result
    }

    async fn read_all<M: Messages>(&mut self, handle: &mut impl FnMut(M)) -> Result<(), ReadError> {
        let peer = self.peer.clone();
        loop {
            let line = tokio::select! {
                line = self.lines.next() => line,
                () = peer.closed() => return Ok(()),
            };
            // Lines that are in the buffer already come without any wait. Without a break, a side that
            // floods would keep all other tasks of this thread waiting.
            tokio::task::consume_budget().await;
            match line {
                Some(Ok(line)) => match std::str::from_utf8(&line) {
                    Ok(line) => self.take(line, handle),
                    Err(_) => self.skip(&String::from_utf8_lossy(&line), "it is not UTF-8"),
                },
                Some(Err(AnyDelimiterCodecError::MaxChunkLengthExceeded)) => {
                    return Err(ReadError::LineTooLong);
                }
                Some(Err(AnyDelimiterCodecError::Io(error))) => return Err(ReadError::Io(error)),
                None => return Ok(()),
            }
        }
    }

    fn take<M: Messages>(&mut self, line: &str, handle: &mut impl FnMut(M)) {
        // Libraries print to stdout; whatever is not an object is skipped.
        if !line.starts_with('{') {
            return self.skip(line, "it does not start with {");
        }
        match line::parse(line) {
            Ok(Incoming::Request { id, method, params }) => match M::request(id, &method, params) {
                Ok(message) => handle(message),
                Err(error) => self.peer.answer_now::<()>(id, Err(&error)),
            },
            Ok(Incoming::Notification { method, params }) => {
                match M::notification(&method, params) {
                    Ok(message) => handle(message),
                    Err(error) => tracing::debug!(error = error.message, "Ignored a notification."),
                }
            }
            Ok(Incoming::Answer { id, result }) => {
                if !self.peer.resolve(id, result.map(ToOwned::to_owned)) {
                    tracing::debug!(id, "Ignored an answer that nobody waits for.");
                }
            }
            Err(error) => self.skip(line, &error.to_string()),
        }
    }

    fn skip(&mut self, line: &str, problem: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.noise += 1;
        let excerpt: String = line.chars().take(120).collect();
        if self.noise == 1 {
            tracing::warn!(
                problem,
                excerpt,
                "Skipped output that is not of the protocol; more of it is logged at debug level."
            );
        } else {
            tracing::debug!(
                problem,
                excerpt,
                lines = self.noise,
                "Skipped output that is not of the protocol."
            );
        }
    }
}
