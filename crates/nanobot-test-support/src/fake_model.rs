//! A model server that speaks the OpenAI Chat Completions protocol, the Messages protocol of
//! Anthropic, and that of Gemini, over real HTTP.
//!
//! Each request takes the next [`FakeReply`] of the queue, or the default one (an echo of the last
//! user message). Each request is also checked against the documented rules of the protocol: a
//! violation is answered with status 500, remembered, and fails the test when the server is
//! dropped.

mod answer;
mod anthropic;
mod echo;
mod gemini;
mod reply;
mod request;
mod stream;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::{Semaphore, watch};

use crate::fake_server::{FakeServer, Port, Violations};
use answer::{error_body, events, status_or, whole};
pub use reply::{FakeReply, Step};
pub use request::RecordedRequest;

/// Requests that are kept for [`FakeModel::requests`]; older ones are forgotten, so that a long
/// measurement does not fill the memory.
const KEPT_REQUESTS: usize = 1_000;

/// What a [`FakeModel`] demands and offers.
#[derive(Debug, Clone)]
pub struct FakeModelOptions {
    /// Key that each request must carry as a bearer token; without one, none is demanded.
    pub required_key: Option<String>,
    /// Names listed at `/v1/models`.
    pub models: Vec<String>,
}

impl Default for FakeModelOptions {
    fn default() -> Self {
        Self { required_key: None, models: vec!["fake-model".to_owned()] }
    }
}

/// A running fake model server on a free port of the loopback interface.
pub struct FakeModel {
    shared: Arc<Shared>,
    server: FakeServer,
}

struct Shared {
    options: FakeModelOptions,
    script: Mutex<Script>,
    record: Mutex<Record>,
    violations: Violations,
    seen: watch::Sender<usize>,
    release: Arc<Semaphore>,
}

struct Script {
    queue: VecDeque<FakeReply>,
    default: FakeReply,
}

#[derive(Default)]
struct Record {
    requests: VecDeque<RecordedRequest>,
}

impl FakeModel {
    /// Starts a server that demands no key.
    pub async fn start() -> Self {
        Self::start_with(FakeModelOptions::default()).await
    }

    /// Starts a server with the given demands.
    ///
    /// # Panics
    ///
    /// Panics when no port of the loopback interface can be bound.
    pub async fn start_with(options: FakeModelOptions) -> Self {
        let shared = Arc::new(Shared::new(options));
        let routes = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/messages", post(message))
            .route("/v1beta/openai/chat/completions", post(complete))
            .route("/v1beta/models/{call}", post(gemini::generate))
            .route("/v1/models", get(models))
            .route("/api/tags", get(tags))
            .with_state(Arc::clone(&shared));
        let server = Port::bind().await.serve("the fake model", &shared.violations, routes);
        Self { shared, server }
    }

    /// Base URL to configure as `apiBase`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// Address without the path, as Ollama is configured.
    #[must_use]
    pub fn root_url(&self) -> String {
        self.server.url()
    }

    /// Queues what the next request without a reply gets.
    pub fn push(&self, reply: FakeReply) {
        self.shared.script().queue.push_back(reply);
    }

    /// Replaces the echo that is given when the queue is empty.
    pub fn set_default(&self, reply: FakeReply) {
        self.shared.script().default = reply;
    }

    /// Lets one [`Step::Stall`] go on, now or when it is reached.
    pub fn release(&self) {
        self.shared.release.add_permits(1);
    }

    /// Number of chat requests so far.
    #[must_use]
    pub fn request_count(&self) -> usize {
        *self.shared.seen.borrow()
    }

    /// The recorded requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.record().requests.iter().cloned().collect()
    }

    /// The latest recorded request.
    ///
    /// # Panics
    ///
    /// Panics when there was none.
    #[must_use]
    pub fn last_request(&self) -> RecordedRequest {
        self.shared.record().requests.back().cloned().expect("the fake model was asked")
    }

    /// Waits until this many chat requests have arrived.
    pub async fn wait_for_requests(&self, count: usize) {
        let mut seen = self.shared.seen.subscribe();
        seen.wait_for(|seen| *seen >= count).await.expect("the sender lives as long as the server");
    }

    /// Takes the violations of the protocol seen so far; untaken ones fail the test at the end.
    #[must_use]
    pub fn take_violations(&self) -> Vec<String> {
        self.server.violations.take()
    }
}

impl Shared {
    fn new(options: FakeModelOptions) -> Self {
        Self {
            options,
            script: Mutex::new(Script { queue: VecDeque::new(), default: FakeReply::echo() }),
            record: Mutex::default(),
            violations: Violations::default(),
            seen: watch::Sender::new(0),
            release: Arc::new(Semaphore::new(0)),
        }
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_reply(&self) -> FakeReply {
        let mut script = self.script();
        script.queue.pop_front().unwrap_or_else(|| script.default.clone())
    }

    fn remember(&self, request: RecordedRequest) {
        let mut record = self.record();
        if record.requests.len() == KEPT_REQUESTS {
            record.requests.pop_front();
        }
        record.requests.push_back(request);
        drop(record);
        self.seen.send_modify(|seen| *seen += 1);
    }

    fn violation(&self, what: String) -> Response {
        let body = error_body(&what);
        self.violations.add(what);
        (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
    }
}

async fn complete(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let request = match RecordedRequest::parse(&headers, &body) {
        Ok(request) => request,
        Err(what) => return shared.violation(what),
    };
    let checked = request.check(shared.options.required_key.is_some());
    let authorized = request.carries_key(shared.options.required_key.as_deref());
    let last_user_text = request.last_user_text().to_owned();
    let streamed = request.is_streamed();
    shared.remember(request);
    match checked {
        Err(what) => shared.violation(what),
        Ok(()) if !authorized => {
            (StatusCode::UNAUTHORIZED, error_body("wrong API key")).into_response()
        }
        Ok(()) => answer(&shared, &last_user_text, streamed),
    }
}

/// Answers in the Messages protocol of Anthropic.
async fn message(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let request = match RecordedRequest::parse(&headers, &body) {
        Ok(request) => request,
        Err(what) => return shared.violation(what),
    };
    let checked = anthropic::check(&request);
    shared.remember(request);
    if let Err(what) = checked {
        return shared.violation(what);
    }
    match shared.next_reply() {
        FakeReply::Stream(steps) => {
            let mut speaker = anthropic::Speaker::default();
            stream_of(&shared, steps, move |step| speaker.say(step))
        }
        other => status_or(other, || events(Body::empty())),
    }
}

fn answer(shared: &Shared, last_user_text: &str, streamed: bool) -> Response {
    match shared.next_reply() {
        reply @ FakeReply::Status { .. } => status_or(reply, || whole("")),
        FakeReply::Echo if streamed => events(Body::from_stream(echo::frames(last_user_text))),
        FakeReply::Echo => whole(last_user_text),
        FakeReply::Stream(steps) if streamed => stream_of(shared, steps, stream::say),
        FakeReply::Stream(steps) => whole(&stream::text_of(&steps)),
    }
}

/// The steps as events, in the words of a protocol.
fn stream_of(
    shared: &Shared,
    steps: Vec<Step>,
    say: impl FnMut(Step) -> Bytes + Send + 'static,
) -> Response {
    events(Body::from_stream(stream::frames(steps, Arc::clone(&shared.release), say)))
}

async fn models(State(shared): State<Arc<Shared>>) -> Response {
    let models: Vec<_> = shared.options.models.iter().map(|id| json!({"id": id})).collect();
    axum::Json(json!({"object": "list", "data": models})).into_response()
}

async fn tags(State(shared): State<Arc<Shared>>) -> Response {
    let models: Vec<_> = shared.options.models.iter().map(|name| json!({"name": name})).collect();
    axum::Json(json!({"models": models})).into_response()
}
