//! What becomes of a plugin's stderr.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use support::{Rig, fixture, patient, within_test_time};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
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
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
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

#[tokio::test]
async fn a_flood_reaches_the_log_only_in_part() {
    within_test_time(async {
        let (log, _guard) = collect();
        let rig = Rig::ready(fixture().with_arg("StderrFlood"), patient()).await;
        for _ in 0..100 {
            rig.tell("hi").await.unwrap();
        }
        rig.stop().await.unwrap();
        let text = log.text();
        assert!(text.contains("Left out lines of the plugin's log, it writes too many. lines="));
        let emitted = text.matches("Still here.").count();
        assert!(emitted >= 200, "{emitted}");
        // The windows that the test took, generously.
        assert!(emitted < 200 * 60, "{emitted}");
    })
    .await;
}
