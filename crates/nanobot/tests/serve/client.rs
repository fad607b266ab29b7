//! A client that sees what comes over the wire, piece by piece.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long anything may take before a test fails.
const LIMIT: Duration = Duration::from_secs(60);

/// An answer of which the head has come. Dropping it closes the connection.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    body: Incoming,
    /// What has come of the body and was not looked at.
    text: String,
    connection: JoinHandle<()>,
}

/// Sends a request, and waits for the head of the answer.
pub(crate) async fn send(
    address: SocketAddr,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Reply {
    let stream = TcpStream::connect(address).await.expect("the program listens");
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.expect("a connection");
    let connection = tokio::spawn(async move {
        // Fails when the other side cuts it, which the reader of the body sees.
        let _ = connection.await;
    });
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header(HOST, address.to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).expect("a request");
    let answer = timeout(LIMIT, sender.send_request(request)).await;
    let answer = answer.expect("an answer comes in time").expect("an answer");
    let (head, body) = answer.into_parts();
    let status = head.status.as_u16();
    Reply { status, headers: head.headers, body, text: String::new(), connection }
}

impl Reply {
    pub(crate) async fn text(mut self) -> String {
        while self.read().await {}
        std::mem::take(&mut self.text)
    }

    pub(crate) async fn json(self) -> Value {
        serde_json::from_str(&self.text().await).expect("the answer is JSON")
    }

    /// Requires this status, and returns the body.
    pub(crate) async fn expect(self, status: u16) -> Value {
        let got = self.status;
        let body = self.json().await;
        assert_eq!(got, status, "{body}");
        body
    }

    /// Data of the next event; nothing at the end. Comments are left out.
    pub(crate) async fn event(&mut self) -> Option<String> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.strip_prefix("data: ").map(str::to_owned);
                assert!(data.is_some() || event.starts_with(':'), "not an event: {event:?}");
                self.text = rest.to_owned();
                if data.is_some() {
                    return data;
                }
            }
            if !self.read().await {
                assert_eq!(self.text, "", "the last event is whole");
                return None;
            }
        }
    }

    /// The next event, which must be JSON.
    pub(crate) async fn chunk(&mut self) -> Value {
        let data = self.event().await.expect("another event");
        serde_json::from_str(&data).expect("the event is JSON")
    }

    /// Data of all events that are left.
    pub(crate) async fn events(mut self) -> Vec<String> {
        let mut events = Vec::new();
        while let Some(data) = self.event().await {
            events.push(data);
        }
        events
    }

    /// Reads a piece of the body; false at its end.
    async fn read(&mut self) -> bool {
        let frame = timeout(LIMIT, self.body.frame()).await.expect("the answer goes on in time");
        let Some(frame) = frame else { return false };
        let data =
            frame.expect("the answer is not cut").into_data().expect("there are no trailers");
        self.text.push_str(std::str::from_utf8(&data).expect("events are text"));
        true
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
