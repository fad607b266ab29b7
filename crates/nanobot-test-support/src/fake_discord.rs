//! Discord's gateway and HTTP API on a loopback port.
//!
//! Each call and each payload is checked against what Discord documents: known routes and fields,
//! texts of 1 to 2,000 characters, the headers `Authorization` and `User-Agent`, nonces of at most
//! 25 characters, files of at most 10 MiB, edits of the bot's own messages only, no call before the
//! end of a wait that was asked for, sequence numbers that were given out, resumes at the address
//! for them. Beyond that, no text may leave a code block open, and none may be able to call people.
//! A violation is remembered and fails the test when the server is dropped. A refusal that a correct
//! client may meet, such as a channel that is not there, is answered and is no violation.

mod call;
mod control;
mod gateway;
mod incoming;
mod limits;
mod mischief;
mod rest;
mod rules;
mod sessions;
mod world;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use tokio::sync::Semaphore;

pub use call::DiscordCall;
pub use incoming::IncomingDiscord;
pub use mischief::DiscordMischief;
pub use world::DiscordMessage;

use crate::changes::{Changes, PATIENCE};
use crate::fake_server::{FakeServer, Port, Violations};
use world::World;

/// Who the bot is.
pub(crate) const BOT: u64 = 99;
/// The application that the bot belongs to.
pub(crate) const APPLICATION: u64 = 98;

/// What a [`FakeDiscord`] demands.
#[derive(Debug, Clone)]
pub struct FakeDiscordOptions {
    /// The only token that is accepted.
    pub token: String,
    /// Milliseconds between two heartbeats.
    pub heartbeat_interval_ms: u64,
    /// Calls of one route in one channel, and the time after which they count anew.
    pub bucket: Option<(u32, Duration)>,
    /// The code that each identify is answered with, instead of a session.
    pub close_code: Option<u16>,
}

impl Default for FakeDiscordOptions {
    fn default() -> Self {
        Self {
            token: "OTk.fake.Token_of-the-bot".to_owned(),
            heartbeat_interval_ms: 41_250,
            bucket: None,
            close_code: None,
        }
    }
}

/// A running gateway and HTTP API on a free port of the loopback interface.
pub struct FakeDiscord {
    shared: Arc<Shared>,
    server: FakeServer,
}

pub(crate) struct Shared {
    options: FakeDiscordOptions,
    address: SocketAddr,
    state: Mutex<World>,
    violations: Violations,
    /// Tells those who wait for something.
    changes: Changes,
    /// Lets held calls go on.
    release: Semaphore,
}

impl FakeDiscord {
    /// Starts a server without a rate limit.
    pub async fn start() -> Self {
        Self::start_with(FakeDiscordOptions::default()).await
    }

    /// Starts a server with the given demands.
    ///
    /// # Panics
    ///
    /// Panics when no port of the loopback interface can be bound.
    pub async fn start_with(options: FakeDiscordOptions) -> Self {
        let port = Port::bind().await;
        let shared = Arc::new(Shared {
            options,
            address: port.address,
            state: Mutex::default(),
            violations: Violations::default(),
            changes: Changes::default(),
            release: Semaphore::new(0),
        });
        let router = Router::new()
            .route("/gateway/", get(gateway::connect))
            .route("/resume/", get(gateway::reconnect))
            .route("/files/{name}", get(rest::serve_file))
            .fallback(rest::answer)
            .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
            .with_state(Arc::clone(&shared));
        let server = port.serve("the fake Discord", &shared.violations, router);
        Self { shared, server }
    }

    /// Waits until a condition holds; it is looked at after each call and each payload.
    ///
    /// # Panics
    ///
    /// Panics when it does not hold after half a minute.
    pub async fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        if !self.shared.changes.wait_until_within(PATIENCE, || is_so(self)).await {
            let calls = self.calls();
            let last = &calls[calls.len().saturating_sub(8)..];
            panic!("waited in vain until {what}; the last calls: {last:#?}");
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, World> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
