use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::book::{Book, Reply};
use crate::client::message_in;

/// Longest time that the platform takes to answer. Not none, so that kills hit posts under way.
const MAX_ANSWER_MS: u64 = 15;

/// Starts what replies are posted to; returns its address.
pub(crate) async fn start(book: Arc<Book>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    let app = Router::new().route("/", post(receive)).with_state(book);
    tokio::spawn(async move { axum::serve(listener, app).await.expect("it runs until aborted") });
    format!("http://{address}/")
}

async fn receive(State(book): State<Arc<Book>>, headers: HeaderMap, Json(body): Json<Value>) {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let Some(key) = key.filter(|_| body["final"] == true) else {
        return book.change(|pages| pages.unfinished += 1);
    };
    let text = body["text"].as_str().expect("a reply has a text");
    let reply = Reply {
        chat: body["chat_id"].as_str().expect("a reply has a chat").to_owned(),
        message: message_in(text).to_owned(),
        key: key.to_owned(),
        is_marked: body["possible_duplicate"] == true,
        is_answered: false,
    };
    let place = book.change(|pages| {
        pages.replies.push(reply);
        pages.replies.len() - 1
    });
    // When the connection is cut meanwhile, this future ends here.
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=MAX_ANSWER_MS))).await;
    book.pages().replies[place].is_answered = true;
}
