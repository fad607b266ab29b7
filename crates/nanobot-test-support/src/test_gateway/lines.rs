use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::LIMIT;

/// What a process prints, kept line by line.
pub(super) struct Lines {
    lines: watch::Receiver<Arc<Vec<String>>>,
    reading: JoinHandle<()>,
}

impl Lines {
    pub(super) fn read(pipe: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let (sender, lines) = watch::channel(Arc::default());
        let reading = tokio::spawn(async move {
            let mut pipe = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = pipe.next_line().await {
                sender.send_modify(|lines: &mut Arc<Vec<String>>| Arc::make_mut(lines).push(line));
            }
        });
        Self { lines, reading }
    }

    pub(super) fn text(&self) -> String {
        self.lines.borrow().join("\n")
    }

    /// Waits for a line; nothing if the process ends without it, or takes too long.
    pub(super) async fn wait_for(&self, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
        let mut lines = self.lines.clone();
        let find = |lines: &Arc<Vec<String>>| lines.iter().find(|line| is_wanted(line)).cloned();
        let found = timeout(LIMIT, lines.wait_for(|lines| find(lines).is_some())).await;
        found.ok()?.ok().and_then(|lines| find(&lines))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.reading.abort();
    }
}
