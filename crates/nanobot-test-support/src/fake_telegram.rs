//! A Bot API server over real HTTP.
//!
//! Each call is checked against what the [Bot API] documents: known methods and parameters, texts of
//! 1 to 4096 UTF-16 units after the entities are parsed, tags that exist and nest as allowed, edits
//! of the bot's own messages only, no call to a chat before the time that a 429 asked for is over. A
//! violation is remembered and fails the test when the server is dropped. A refusal that a correct
//! client may meet, such as a chat that is not there, is answered and is no violation.
//!
//! [Bot API]: https://core.telegram.org/bots/api

mod call;
mod chats;
mod control;
mod files;
mod html;
mod incoming;
mod messages;
mod methods;
mod mischief;
mod refusal;
mod rules;
mod updates;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub use call::TelegramCall;
pub use chats::ShownMessage;
pub use html::{ShownEntity, visible};
pub use incoming::Incoming;
pub use mischief::Mischief;

use crate::changes::{Changes, PATIENCE};
use crate::fake_server::{FakeServer, Port, Violations};
use chats::Chats;
use mischief::Mischiefs;
use refusal::Refusal;
use updates::Updates;

/// What a [`FakeTelegram`] demands.
#[derive(Debug, Clone)]
pub struct FakeTelegramOptions {
    /// The only token that is accepted.
    pub token: String,
    /// Name of the bot, without `@`.
    pub username: String,
    /// Least time between two texts or edits in one chat; what comes earlier is answered with 429.
    pub rate_limit: Option<Duration>,
}

impl Default for FakeTelegramOptions {
    fn default() -> Self {
        Self {
            token: "4242:fake-Token_of-the-bot".to_owned(),
            username: "nano_bot".to_owned(),
            rate_limit: None,
        }
    }
}

/// A running Bot API server on a free port of the loopback interface.
pub struct FakeTelegram {
    shared: Arc<Shared>,
    server: FakeServer,
}

pub(crate) struct Shared {
    options: FakeTelegramOptions,
    state: Mutex<World>,
    violations: Violations,
    /// Tells those who wait for something.
    changes: Changes,
    /// Lets held calls go on.
    release: Arc<Semaphore>,
}

#[derive(Default)]
struct World {
    calls: Vec<TelegramCall>,
    chats: Chats,
    updates: Updates,
    mischiefs: Mischiefs,
    /// Content of files by their path on the server.
    files: HashMap<String, Vec<u8>>,
    /// Path and size of files by their id.
    file_ids: HashMap<String, (String, u64)>,
    webhook: Option<Value>,
    commands: Vec<Value>,
}

impl FakeTelegram {
    /// Starts a server without a rate limit.
    pub async fn start() -> Self {
        Self::start_with(FakeTelegramOptions::default()).await
    }

    /// Starts a server with the given demands.
    ///
    /// # Panics
    ///
    /// Panics when no port of the loopback interface can be bound.
    pub async fn start_with(options: FakeTelegramOptions) -> Self {
        let shared = Arc::new(Shared {
            options,
            state: Mutex::default(),
            violations: Violations::default(),
            changes: Changes::default(),
            release: Arc::new(Semaphore::new(0)),
        });
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
            .with_state(Arc::clone(&shared));
        let server = Port::bind().await.serve("the fake Bot API", &shared.violations, router);
        Self { shared, server }
    }

    /// Waits until a condition holds; it is looked at after each call and each update.
    ///
    /// # Panics
    ///
    /// Panics when it does not hold after half a minute.
    pub async fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        if !self.wait_until_within(PATIENCE, is_so).await {
            let calls = self.calls();
            let last = &calls[calls.len().saturating_sub(8)..];
            panic!("waited in vain until {what}; the last calls: {last:#?}");
        }
    }

    /// Waits until a condition holds, but no longer than this; says whether it holds.
    pub async fn wait_until_within(&self, limit: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        self.shared.changes.wait_until_within(limit, || is_so(self)).await
    }
}

impl World {
    fn receive(&mut self, message: Incoming) -> (i64, i64) {
        let (kind, mut message) = message.into_parts();
        let chat = message["chat"]["id"].as_i64().expect("a message has a chat");
        let id = self.chats.person_wrote(chat);
        message["message_id"] = id.into();
        (self.updates.push(json!({kind: message})), id)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, World> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bot_id(&self) -> i64 {
        let id = self.options.token.split(':').next().unwrap_or_default();
        id.parse().expect("a token starts with the id of the bot")
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    http: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path();
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return serve_file(&shared, rest);
    }
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/'))
    else {
        shared.violations.add(format!("{http} to a path that is none of the Bot API"));
        return Refusal::not_found().into_response();
    };
    if token != shared.options.token {
        return Refusal::new(401, "Unauthorized").into_response();
    }
    let call = match TelegramCall::parse(method, &headers, &body) {
        Ok(call) if http == Method::POST => call,
        Ok(_) => {
            shared.violations.add(format!("{method} by {http}"));
            return Refusal::not_found().into_response();
        }
        Err(what) => {
            shared.violations.add(format!("{method}: {what}"));
            return Refusal::bad_request(&what).into_response();
        }
    };
    let mischief = shared.state().mischiefs.next(method);
    shared.state().calls.push(call.clone());
    shared.changes.tell();
    let response = mischief::apply(&shared, mischief, &call).await;
    shared.changes.tell();
    response
}

fn serve_file(shared: &Shared, rest: &str) -> Response {
    let file = rest.split_once('/').filter(|(token, _)| *token == shared.options.token);
    let content = file.and_then(|(_, path)| shared.state().files.get(path).cloned());
    match content {
        Some(content) => {
            let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
            (kind, Body::from(content)).into_response()
        }
        None => (StatusCode::NOT_FOUND, "not found").into_response(),
    }
}
