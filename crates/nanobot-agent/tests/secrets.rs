//! What people wrote and what is secret stays out of replies, logs and debug output.
//!
//! Alone in its program: the log of other tests beside it would decide what this one gets to see.

mod support;

use std::sync::{Arc, Mutex, PoisonError};

use nanobot_agent::{Agent, ProviderSettings};
use nanobot_test_support::{FakeModel, FakeReply};
use serde_json::json;
use support::{run, settings, turn};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

const KEY: &str = "sk-very-secret-key";
const HEADER: &str = "hidden-header-value";

#[tokio::test]
async fn secrets_stand_neither_in_replies_nor_in_logs_nor_in_debug_output() {
    let log = Log::start();
    let fake = FakeModel::start().await;
    let mut settings = settings(&fake);
    let provider = ProviderSettings {
        api_key: Some(KEY.to_owned().into()),
        api_base: Some(fake.base_url()),
        extra_headers: [("x-team".to_owned(), HEADER.to_owned().into())].into(),
        ..ProviderSettings::default()
    };
    settings.model.providers.insert("custom".to_owned(), provider);
    let server = json!({"url": format!("http://127.0.0.1:1/mcp?key={KEY}")});
    let server = serde_json::from_value(server).expect("the configuration is valid");
    settings.tools.config.mcp_servers.insert("remote".to_owned(), server);
    let said = format!("{{\"error\":{{\"message\":\"{KEY} and {HEADER} in 'my words'\"}}}}");
    for reply in [
        FakeReply::status(400, &said),
        FakeReply::status(401, &said),
        FakeReply::status(404, &said),
        FakeReply::stream_error(&format!("{KEY} my words"), &400.into()),
        FakeReply::raw(format!("data: {{\"choices\": \"{KEY} my words\"}}\n\n")),
    ] {
        fake.push(reply);
        let agent = Agent::new(settings.clone());
        let (outcome, _) = run(&agent, turn("my words")).await;
        let shown = format!("{}{agent:?}{settings:?}{}", outcome.reply, log.text());
        assert!(!shown.contains(KEY) && !shown.contains(HEADER), "{shown}");
    }
    assert!(log.text().contains("The model did not answer."), "{}", log.text());
    assert!(log.text().contains("An MCP server cannot be used."), "{}", log.text());
    assert!(!log.text().contains("my words"), "{}", log.text());
}

/// Collects everything that is logged from DEBUG up.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> Self {
        let log = Self::default();
        let writer = log.clone();
        // What this library says is left out of the program's log, too.
        let shown =
            Targets::new().with_default(LevelFilter::DEBUG).with_target("rmcp", LevelFilter::OFF);
        let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        tracing_subscriber::registry().with(layer.with_filter(shown)).init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
