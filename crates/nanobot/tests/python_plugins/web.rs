//! The two ends of a webhook: somebody who posts, and somebody who is posted to.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Far longer than anything takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Receives what a channel posts to its callback address.
pub(crate) struct Callback {
    pub(crate) url: String,
    replies: mpsc::Receiver<Value>,
}

impl Callback {
    pub(crate) async fn start() -> Self {
        let (tx, replies) = mpsc::channel(100);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/replies", listener.local_addr().unwrap());
        let router = Router::new().route("/replies", post(take)).with_state(tx);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, replies }
    }

    pub(crate) async fn next(&mut self) -> Value {
        timeout(LIMIT, self.replies.recv()).await.expect("a reply comes").expect("it listens")
    }
}

async fn take(State(tx): State<mpsc::Sender<Value>>, Json(reply): Json<Value>) {
    // Nobody waits for replies after the end of a test.
    let _ = tx.send(reply).await;
}

/// Posts a message; returns the whole answer.
pub(crate) async fn post_message(address: SocketAddr, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    let request = format!(
        "POST /message HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let talk = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    timeout(LIMIT, talk).await.expect("the channel answers in time").expect("the channel answers")
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
