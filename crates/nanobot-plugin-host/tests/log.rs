//! What becomes of a plugin's stderr.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use support::{Rig, fixture, patient, within_test_time};
use tokio::sync::Notify;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Buffer {
    bytes: Arc<Mutex<Vec<u8>>>,
    written: Arc<Notify>,
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.written.notify_one();
        self.bytes.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
    }

    /// Waits until the log is like this.
    async fn until(&self, is_so: impl Fn(&str) -> bool) {
        while !is_so(&self.text()) {
            self.written.notified().await;
        }
    }
}

/// Collects the log of this thread, on which the whole test runs.
fn collect() -> (Buffer, tracing::subscriber::DefaultGuard) {
    let buffer = Buffer::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(buffer.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    (buffer, guard)
}

#[tokio::test]
async fn records_of_a_plugin_keep_their_level() {
    within_test_time(async {
        let (log, _guard) = collect();
        let mut rig = Rig::start(fixture().with_arg("ExitBeforeInitialize"), patient());
        rig.ended().await.unwrap_err();
        let line = " INFO nanobot::plugin: ModuleNotFoundError: No module named 'moon'\n";
        assert!(log.text().contains(line), "{}", log.text());

        let rig = Rig::start(fixture().with_arg("CrashDuringSend"), patient());
        rig.inbox.wait_for(|log| !log.statuses.is_empty()).await;
        rig.until_told("hi").await.unwrap_err();
        rig.running.await.unwrap().unwrap_err();
        let line = "ERROR nanobot::plugin: Out of cheese.\n";
        assert!(log.text().contains(line), "{}", log.text());
    })
    .await;
}

/// Lines that the plugin writes at once.
const FLOOD: usize = 5_000;
/// Lines that reach the log within a second.
const LINES_PER_WINDOW: usize = 200;

/// How many lines of the flood are in the log, and how many it says were left out.
fn counted(log: &str) -> (usize, usize) {
    let left_out = log.split("it writes too many. lines=").skip(1);
    let number = |rest: &str| rest.split_whitespace().next()?.parse::<usize>().ok();
    (log.matches("Still here.").count(), left_out.map(|rest| number(rest).unwrap()).sum())
}

#[tokio::test]
async fn a_flood_reaches_the_log_only_in_part() {
    within_test_time(async {
        let (log, _guard) = collect();
        let rig = Rig::ready(fixture(), patient()).await;
        let begun = Instant::now();
        rig.tell(&serde_json::json!({"log": FLOOD}).to_string()).await.unwrap();
        log.until(|text| counted(text).0 + counted(text).1 >= FLOOD).await;
        let windows = usize::try_from(begun.elapsed().as_secs()).unwrap() + 1;
        let (emitted, left_out) = counted(&log.text());
        assert_eq!(emitted + left_out, FLOOD);
        assert!(emitted >= LINES_PER_WINDOW, "{emitted}");
        assert!(emitted <= LINES_PER_WINDOW * windows, "{emitted} in {windows} windows");
        rig.stop().await.unwrap();
    })
    .await;
}
