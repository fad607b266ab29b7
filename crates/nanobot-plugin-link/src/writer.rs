use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::Peer;

/// Lines that are joined into one write.
const LINES_PER_WRITE: usize = 64;

/// Owns the outgoing pipe.
pub struct Writer<W> {
    write: W,
    queue: mpsc::Receiver<Vec<u8>>,
    peer: Peer,
}

impl<W: AsyncWrite + Unpin + Send> Writer<W> {
    pub(crate) fn new(write: W, queue: mpsc::Receiver<Vec<u8>>, peer: Peer) -> Self {
        Self { write, queue, peer }
    }

    /// Writes until the link is closed or the pipe breaks, then closes the link and the pipe.
    ///
    /// Lines that were handed over before the link was closed are still written.
    ///
    /// # Errors
    ///
    /// Fails if the pipe breaks.
    pub async fn run(mut self) -> std::io::Result<()> {
        let result = self.write_all().await;
        self.peer.close();
        result
    }

    async fn write_all(&mut self) -> std::io::Result<()> {
        let peer = self.peer.clone();
        let mut lines = Vec::with_capacity(LINES_PER_WRITE);
        loop {
            tokio::select! {
                biased;
                _ = self.queue.recv_many(&mut lines, LINES_PER_WRITE) => {}
                () = peer.closed() => return self.write.shutdown().await,
            }
            match lines.as_slice() {
                [line] => self.write.write_all(line).await?,
                lines => self.write.write_all(&lines.concat()).await?,
            }
            self.write.flush().await?;
            lines.clear();
        }
    }
}
