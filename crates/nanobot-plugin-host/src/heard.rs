use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

/// When the plugin was last heard of.
#[derive(Clone)]
pub(crate) struct Heard {
    start: Instant,
    after_ms: Arc<AtomicU64>,
}

impl Heard {
    pub(crate) fn now() -> Self {
        Self { start: Instant::now(), after_ms: Arc::default() }
    }

    pub(crate) fn last(&self) -> Instant {
        self.start + Duration::from_millis(self.after_ms.load(Ordering::Relaxed))
    }

    fn note(&self) {
        let after_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.after_ms.store(after_ms, Ordering::Relaxed);
    }
}

/// Notes the time of each read that brings something. It sits below the link, so that answers count
/// as well as messages.
pub(crate) struct Hearing<R> {
    pub(crate) read: R,
    pub(crate) heard: Heard,
}

impl<R: AsyncRead + Unpin> AsyncRead for Hearing<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.read).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.heard.note();
        }
        result
    }
}
