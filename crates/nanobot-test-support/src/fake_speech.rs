//! A speech service that speaks the transcription call of OpenAI and Groq over real HTTP.
//!
//! Each request is checked against the documented rules of the call. A violation is answered with
//! status 400, remembered, and fails the test when the server is dropped.

mod rules;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;
use tokio::sync::watch;

use crate::fake_server::{FakeServer, Port, Violations};
pub use rules::SpeechRequest;

/// What the services allow for a whole request.
const MAX_BODY_BYTES: usize = 26 * 1024 * 1024;

/// What the next request gets.
#[derive(Debug, Clone)]
pub enum SpeechReply {
    /// These words.
    Words(String),
    /// An error with this status and text.
    Error(u16, String),
    /// Status 200 with a body that is no answer.
    Nonsense,
    /// Nothing at all.
    Silence,
}

/// A running fake speech service on a free port of the loopback interface.
pub struct FakeSpeech {
    shared: Arc<Shared>,
    server: FakeServer,
}

struct Shared {
    key: Option<String>,
    record: Mutex<Record>,
    violations: Violations,
    seen: watch::Sender<usize>,
}

#[derive(Default)]
struct Record {
    replies: VecDeque<SpeechReply>,
    requests: Vec<SpeechRequest>,
}

impl FakeSpeech {
    /// Starts a service that demands this key, or none.
    ///
    /// # Panics
    ///
    /// Panics when no port of the loopback interface can be bound.
    pub async fn start(key: Option<&str>) -> Self {
        let shared = Arc::new(Shared {
            key: key.map(str::to_owned),
            record: Mutex::default(),
            violations: Violations::default(),
            seen: watch::Sender::new(0),
        });
        let routes = Router::new()
            .route("/v1/audio/transcriptions", post(transcribe))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::clone(&shared));
        let server =
            Port::bind().await.serve("the fake speech service", &shared.violations, routes);
        Self { shared, server }
    }

    /// Base URL to configure as `apiBase`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// Queues what the next request gets; without anything queued it hears `hello`.
    pub fn push(&self, reply: SpeechReply) {
        self.shared.record().replies.push_back(reply);
    }

    /// The valid requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<SpeechRequest> {
        self.shared.record().requests.clone()
    }

    /// Waits until this many valid requests have arrived.
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
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_key(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match &self.key {
            Some(key) => given == Some(&format!("Bearer {key}")),
            None => given.is_none(),
        }
    }
}

async fn transcribe(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !shared.has_key(&headers) {
        return error(401, "Incorrect API key provided");
    }
    let request = match SpeechRequest::read(&headers, &body) {
        Ok(request) => request,
        Err(violation) => {
            shared.violations.add(violation.clone());
            return error(400, &violation);
        }
    };
    let reply = {
        let mut record = shared.record();
        record.requests.push(request);
        record.replies.pop_front()
    };
    shared.seen.send_modify(|seen| *seen += 1);
    match reply.unwrap_or_else(|| SpeechReply::Words("hello".to_owned())) {
        SpeechReply::Words(words) => axum::Json(json!({ "text": words })).into_response(),
        SpeechReply::Error(status, text) => error(status, &text),
        SpeechReply::Nonsense => "<html>".into_response(),
        SpeechReply::Silence => std::future::pending().await,
    }
}

fn error(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("tests use valid statuses");
    let kind = "invalid_request_error";
    (status, axum::Json(json!({ "error": { "message": message, "type": kind } }))).into_response()
}
