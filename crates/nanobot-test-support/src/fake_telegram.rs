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
mod html;
mod incoming;
mod methods;
mod mischief;
mod rules;
mod updates;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

pub use call::TelegramCall;
pub use chats::ShownMessage;
pub use html::{ShownEntity, visible};
pub use incoming::Incoming;
pub use mischief::Mischief;

use chats::Chats;
use methods::Refusal;
use mischief::Mischiefs;
use updates::Updates;

/// Longest time that a test waits for something to happen.
const PATIENCE: Duration = Duration::from_secs(30);

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
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

pub(crate) struct Shared {
    options: FakeTelegramOptions,
    state: Mutex<World>,
    /// Counts what happens, for those who wait for something.
    changes: watch::Sender<u64>,
    /// Lets held calls go on.
    release: Arc<Semaphore>,
}

#[derive(Default)]
struct World {
    calls: Vec<TelegramCall>,
    violations: Vec<String>,
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
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("the loopback interface has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            options,
            state: Mutex::default(),
            changes: watch::Sender::new(0),
            release: Arc::new(Semaphore::new(0)),
        });
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the fake server runs until aborted");
        });
        Self { address, shared, server }
    }

    /// Address to configure as `apiBase`.
    #[must_use]
    pub fn api_base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token to configure.
    #[must_use]
    pub fn token(&self) -> String {
        self.shared.options.token.clone()
    }

    /// Delivers a message of a person to the bot; says the ids of the update and of the message.
    pub fn receive(&self, message: Incoming) -> (i64, i64) {
        let ids = self.shared.state().receive(message);
        self.shared.changed();
        ids
    }

    /// A person writes to the bot in private.
    pub fn person_writes(&self, person: i64, text: &str) -> (i64, i64) {
        self.receive(Incoming::text(person, text))
    }

    /// Delivers an update of any kind, without its id; says the id.
    pub fn update(&self, update: Value) -> i64 {
        let id = self.shared.state().updates.push(update);
        self.shared.changed();
        id
    }

    /// Makes a chat known, as if somebody had written there.
    pub fn know_chat(&self, chat: i64) {
        self.shared.state().chats.know(chat);
    }

    /// From now on the person refuses messages of the bot.
    pub fn block(&self, chat: i64) {
        self.shared.state().chats.block(chat);
    }

    /// The group becomes a supergroup with another id.
    pub fn migrate(&self, from: i64, to: i64) {
        self.shared.state().chats.migrate(from, to);
    }

    /// A person deletes a message.
    pub fn delete(&self, chat: i64, message: i64) {
        self.shared.state().chats.delete(chat, message);
    }

    /// Closes a topic of a forum for good.
    pub fn delete_topic(&self, chat: i64, thread: i64) {
        self.shared.state().chats.delete_topic(chat, thread);
    }

    /// Puts a file on the server. `size` is what the server says of it.
    pub fn add_file(&self, file_id: &str, path: &str, content: &[u8], size: u64) {
        let mut state = self.shared.state();
        state.files.insert(path.to_owned(), content.to_vec());
        state.file_ids.insert(file_id.to_owned(), (path.to_owned(), size));
    }

    /// Has the next call of a method without mischief of its own go wrong.
    pub fn misbehave(&self, method: &str, mischief: Mischief) {
        self.shared.state().mischiefs.add(method, mischief);
    }

    /// Lets one call that is held by [`Mischief::Hold`] go on.
    pub fn release(&self) {
        self.shared.release.add_permits(1);
    }

    /// All calls so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<TelegramCall> {
        self.shared.state().calls.clone()
    }

    /// The calls of one method so far, oldest first.
    #[must_use]
    pub fn calls_of(&self, method: &str) -> Vec<TelegramCall> {
        self.shared.state().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// What a person sees of the bot in a chat, oldest first.
    #[must_use]
    pub fn shown(&self, chat: i64) -> Vec<ShownMessage> {
        self.shared.state().chats.shown(chat)
    }

    /// What a person sees of a message that the bot is writing.
    #[must_use]
    pub fn draft(&self, chat: i64) -> Option<String> {
        self.shared.state().chats.draft(chat)
    }

    /// The bot's reaction to a message.
    #[must_use]
    pub fn reaction(&self, chat: i64, message: i64) -> Option<String> {
        self.shared.state().chats.reaction(chat, message)
    }

    /// Updates that the bot has not confirmed.
    #[must_use]
    pub fn pending_updates(&self) -> usize {
        self.shared.state().updates.pending()
    }

    /// The parameters of the webhook that is set.
    #[must_use]
    pub fn webhook(&self) -> Option<Value> {
        self.shared.state().webhook.clone()
    }

    /// Another program sets a webhook for the bot.
    pub fn set_webhook(&self, url: &str) {
        self.shared.state().webhook = Some(json!({"url": url}));
        self.shared.changed();
    }

    /// The menu of commands.
    #[must_use]
    pub fn commands(&self) -> Vec<Value> {
        self.shared.state().commands.clone()
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
    ///
    /// # Panics
    ///
    /// Panics when the server has ended.
    pub async fn wait_until_within(&self, limit: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let mut changes = self.shared.changes.subscribe();
        let waiting = async {
            while !is_so(self) {
                changes.changed().await.expect("the sender lives as long as the server");
            }
        };
        tokio::time::timeout(limit, waiting).await.is_ok()
    }

    /// Waits until a method was called this often.
    pub async fn wait_for_calls(&self, method: &str, count: usize) {
        let what = format!("{method} was called {count} times");
        self.wait_until(&what, |fake| fake.calls_of(method).len() >= count).await;
    }

    /// Takes the violations seen so far; untaken ones fail the test at the end.
    #[must_use]
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.state().violations)
    }
}

impl Drop for FakeTelegram {
    fn drop(&mut self) {
        self.server.abort();
        let violations = self.take_violations();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "invalid calls to the fake Bot API: {violations:#?}");
        }
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

    fn changed(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    fn violation(&self, what: String) {
        self.state().violations.push(what);
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
        shared.violation(format!("{http} to a path that is none of the Bot API"));
        return Refusal::not_found().into_response();
    };
    if token != shared.options.token {
        return Refusal::new(401, "Unauthorized").into_response();
    }
    let call = match TelegramCall::parse(method, &headers, &body) {
        Ok(call) if http == Method::POST => call,
        Ok(_) => {
            shared.violation(format!("{method} by {http}"));
            return Refusal::not_found().into_response();
        }
        Err(what) => {
            shared.violation(format!("{method}: {what}"));
            return Refusal::bad_request(&what).into_response();
        }
    };
    let mischief = shared.state().mischiefs.next(method);
    shared.state().calls.push(call.clone());
    shared.changed();
    let response = mischief::apply(&shared, mischief, &call).await;
    shared.changed();
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
