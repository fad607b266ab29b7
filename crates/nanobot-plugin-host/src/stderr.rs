//! What a plugin writes to stderr: its log.

mod line;
mod splitter;
mod tail;
mod throttle;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use line::LogLine;
use splitter::Splitter;
use tail::Tail;
use throttle::{Admission, Throttle};

const BUFFER_BYTES: usize = 16 * 1024;

/// Reads a plugin's stderr until its end, whatever comes: a plugin must never wait for its log.
pub(crate) struct Stderr {
    tail: Arc<Mutex<Tail>>,
    reading: AbortOnDropHandle<()>,
}

impl Stderr {
    pub(crate) fn read(pipe: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let tail = Arc::<Mutex<Tail>>::default();
        let sink = Sink { tail: Arc::clone(&tail), throttle: Throttle::default() };
        let reading = tokio::spawn(read_all(pipe, sink).in_current_span());
        Self { tail, reading: AbortOnDropHandle::new(reading) }
    }

    /// The last lines, after the pipe's end; a stranger who holds the pipe open is not waited for.
    pub(crate) async fn finish(self, wait: Duration) -> Vec<String> {
        let _ = timeout(wait, self.reading).await;
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.lines()
    }
}

async fn read_all(mut pipe: impl AsyncRead + Unpin, mut sink: Sink) {
    let mut splitter = Splitter::default();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = tokio::select! {
            read = pipe.read(&mut buffer) => read,
            () = until(sink.throttle.notice_due()) => {
                sink.notice();
                continue;
            }
        };
        match read {
            Ok(bytes) if bytes > 0 => splitter.push(&buffer[..bytes], |line| sink.take(line)),
            _ => break,
        }
        // A flood is always ready to be read; the others on this thread have their turn, too.
        tokio::task::yield_now().await;
    }
    splitter.finish(|line| sink.take(line));
    sink.notice();
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Where lines go: always to the tail, and to the log as fast as it may be.
struct Sink {
    tail: Arc<Mutex<Tail>>,
    throttle: Throttle,
}

impl Sink {
    fn take(&mut self, line: &str) {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        match self.throttle.admit(Instant::now()) {
            Admission::Emit => LogLine::parse(line).emit(),
            Admission::EmitWithNotice => {
                self.notice();
                LogLine::parse(line).emit();
            }
            Admission::LeaveOut => {}
        }
    }

    fn notice(&mut self) {
        let lines = self.throttle.take_left_out();
        if lines > 0 {
            tracing::warn!(lines, "Left out lines of the plugin's log, it writes too many.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_flood_is_read_to_its_end_and_its_last_lines_are_kept() {
        let (near, far) = tokio::io::duplex(64);
        let stderr = Stderr::read(near);
        let flood = tokio::spawn(async move {
            use tokio::io::AsyncWriteExt;
            let mut far = far;
            for number in 0..5000 {
                far.write_all(format!("line {number}\n").as_bytes()).await.unwrap();
            }
            far.write_all(b"torn").await.unwrap();
        });
        flood.await.unwrap();
        let tail = stderr.finish(Duration::from_secs(60)).await;
        assert_eq!(tail.len(), 50);
        assert_eq!(tail.first().unwrap(), "line 4951");
        assert_eq!(tail.last().unwrap(), "torn");
    }
}
