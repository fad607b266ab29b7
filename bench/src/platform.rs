//! What answers are posted to.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use serde::Deserialize;
use tokio::time::sleep;

use crate::http::{Body, Server, whole};
use crate::load::{Answer, Tally};
use crate::marker;
use crate::model::Shape;

/// How a [`Platform`] answers posts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Behaviour {
    Prompt,
    /// After a pause; refuses the second and fourth post of unfinished answers with 429, and cuts
    /// the connection of the first finished one.
    Slow(Duration),
    /// So late that nobody waits.
    Hanging,
}

/// A running callback address.
pub(crate) struct Platform {
    server: Server,
    pub(crate) tally: Arc<Tally>,
}

struct Shared {
    behaviour: Behaviour,
    shape: Shape,
    tally: Arc<Tally>,
    unfinished: AtomicU64,
    finished: AtomicU64,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(rename = "final")]
    is_final: bool,
    #[serde(default)]
    possible_duplicate: bool,
}

impl Platform {
    /// Starts on a port; 0 lets the system choose. Finished answers are compared with what a model
    /// of this shape says.
    pub(crate) async fn start(
        port: u16,
        behaviour: Behaviour,
        shape: Shape,
    ) -> anyhow::Result<Self> {
        let tally = Arc::<Tally>::default();
        let shared = Arc::new(Shared {
            behaviour,
            shape,
            tally: Arc::clone(&tally),
            unfinished: AtomicU64::new(0),
            finished: AtomicU64::new(0),
        });
        let handler = move |request| receive(Arc::clone(&shared), request);
        Ok(Self { server: Server::start(port, handler).await?, tally })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// What to configure as `callbackUrl`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/replies", self.server.address)
    }
}

async fn receive(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> anyhow::Result<Response<Body>> {
    let body = request.into_body().collect().await.context("failed to read a reply")?.to_bytes();
    let Ok(reply) = serde_json::from_slice::<Reply<'_>>(&body) else {
        return Ok(whole(StatusCode::BAD_REQUEST, "{}"));
    };
    let count = if reply.is_final { &shared.finished } else { &shared.unfinished };
    let turn = count.fetch_add(1, Ordering::Relaxed) + 1;
    match shared.behaviour {
        Behaviour::Hanging => return std::future::pending().await,
        Behaviour::Slow(pause) => {
            sleep(pause).await;
            match (reply.is_final, turn) {
                (false, 2 | 4) => return Ok(too_many()),
                (true, 1) => anyhow::bail!("this connection is cut on purpose"),
                _ => {}
            }
        }
        Behaviour::Prompt => {}
    }
    shared.note(&reply);
    Ok(whole(StatusCode::OK, "{}"))
}

impl Shared {
    fn note(&self, reply: &Reply<'_>) {
        if !reply.is_final {
            return self.tally.post();
        }
        let Some(number) = marker::last(reply.text.as_bytes()) else {
            return;
        };
        let is_right = reply.text == self.shape.text(number);
        self.tally.answer(&Answer { number, is_right, is_marked: reply.possible_duplicate });
    }
}

fn too_many() -> Response<Body> {
    let mut answer = whole(StatusCode::TOO_MANY_REQUESTS, "{}");
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}
