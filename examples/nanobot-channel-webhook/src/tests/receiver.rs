use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

type Answer = (u16, &'static str);

/// The header `Idempotency-Key` where there is one, and the body.
type Post = (Option<String>, Value);

/// Somebody who takes replies.
#[derive(Clone, Default)]
pub struct Receiver {
    posts: Arc<Mutex<Vec<Post>>>,
    answer: Arc<Mutex<Option<Answer>>>,
}

impl Receiver {
    pub async fn start() -> (Self, String) {
        let receiver = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/replies", listener.local_addr().unwrap());
        let app = Router::new().route("/replies", post(take)).with_state(receiver.clone());
        tokio::spawn(async { axum::serve(listener, app).await });
        (receiver, url)
    }

    /// Answers with a status and a `Retry-After` from now on.
    pub fn answer_with(&self, answer: Answer) {
        *self.answer.lock().unwrap() = Some(answer);
    }

    pub fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }
}

async fn take(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> (StatusCode, HeaderMap) {
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    receiver.posts.lock().unwrap().push((key, body));
    let (status, wait) = receiver.answer.lock().unwrap().unwrap_or((204, "0"));
    let wait = HeaderMap::from_iter([("retry-after".parse().unwrap(), wait.parse().unwrap())]);
    (StatusCode::from_u16(status).unwrap(), wait)
}
