//! A server that speaks the OpenAI Chat Completions protocol, fast enough not to be what is measured.

mod reply;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, Response, StatusCode};
use memchr::memmem;
use tokio::time::sleep;

use crate::http::{Body, Server, whole};
use crate::marker;

pub(crate) use reply::Shape;

/// How a [`Model`] answers; may be changed while it runs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    pub(crate) shape: Shape,
    /// Pause before an answer begins.
    pub(crate) before_answer: Duration,
    /// Pause before each further delta of an answer that is streamed.
    pub(crate) between_deltas: Duration,
}

/// A running model server.
pub(crate) struct Model {
    pub(crate) server: Server,
    shared: Arc<Shared>,
}

struct Shared {
    manner: Mutex<Manner>,
    requests: AtomicU64,
}

impl Shared {
    fn manner(&self) -> MutexGuard<'_, Manner> {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Model {
    /// Starts a server on a port; 0 lets the system choose.
    pub(crate) async fn start(port: u16, manner: Manner) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared { manner: Mutex::new(manner), requests: AtomicU64::new(0) });
        let handler = {
            let shared = Arc::clone(&shared);
            move |request| answer(Arc::clone(&shared), request)
        };
        Ok(Self { server: Server::start(port, handler).await?, shared })
    }

    /// Base URL to configure as `apiBase`.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.server.address)
    }

    /// Changes how the next requests are answered.
    pub(crate) fn set_manner(&self, manner: Manner) {
        *self.shared.manner() = manner;
    }

    /// Questions so far.
    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> anyhow::Result<Response<Body>> {
    if request.method() != Method::POST {
        let models = r#"{"object":"list","data":[{"id":"fake-model","object":"model"}]}"#;
        return Ok(whole(StatusCode::OK, models));
    }
    let body = request.into_body().collect().await.context("failed to read a question")?.to_bytes();
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let manner = *shared.manner();
    // A question without a mark is one that the gateway asks for itself.
    let number = marker::last(&body).unwrap_or_default();
    pause(manner.before_answer).await;
    Ok(if is_streamed(&body) {
        streamed(number, manner)
    } else {
        whole(StatusCode::OK, manner.shape.whole(number))
    })
}

fn is_streamed(body: &[u8]) -> bool {
    [&br#""stream":true"#[..], br#""stream": true"#]
        .iter()
        .any(|wanted| memmem::find(body, wanted).is_some())
}

fn streamed(number: u64, manner: Manner) -> Response<Body> {
    let frames = stream::unfold(0, move |index| async move {
        let frame = manner.shape.frame(number, index)?;
        if index > 0 {
            pause(manner.between_deltas).await;
        }
        Some((Ok(Frame::data(Bytes::from(frame))), index + 1))
    });
    Response::builder()
        .header(CONTENT_TYPE, "text/event-stream")
        .body(StreamBody::new(frames).boxed_unsync())
        .expect("a constant header makes an answer")
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}
