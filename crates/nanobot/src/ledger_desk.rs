//! Questions about the ledger: to the running gateway, which alone has the file open, or to the
//! file itself while none is running. Both ways give the same answers.

use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::header::CONTENT_TYPE;
use hyper::{Method, Request, StatusCode};
use nanobot_gateway::control::{Problem, ledger_routes};
use nanobot_ledger::{Ledger, MemoryLedger, OpenError, SqliteLedger, SqliteOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower_service::Service;

use crate::control::{self, JSON};
use crate::failure::Failure;
use crate::instance::Instance;
use crate::private_folder;

/// A gateway that starts or stops has the file, but not the socket.
const TRIES: u32 = 10;
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(200);

type Answer = (StatusCode, Bytes);

/// Asks about the ledger of an instance. Nothing is held between two questions.
pub(crate) struct LedgerDesk<'a> {
    instance: &'a Instance,
    /// Command that shows what there is, for whoever asks for something unknown.
    listing: &'static str,
}

impl<'a> LedgerDesk<'a> {
    pub(crate) fn new(instance: &'a Instance, listing: &'static str) -> Self {
        Self { instance, listing }
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        parse(&self.ask(Method::GET, path).await?)
    }

    /// The same; nothing if there is no such thing.
    pub(crate) async fn find<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<T>> {
        match self.answer(Method::GET, path, None).await? {
            (StatusCode::NOT_FOUND, _) => Ok(None),
            answer => self.judge(answer).and_then(|body| parse(&body)).map(Some),
        }
    }

    /// Writes something that the ledger keeps, which makes the file if there is none.
    pub(crate) async fn write(&self, path: &str, body: &impl Serialize) -> anyhow::Result<()> {
        let body = Bytes::from(serde_json::to_vec(body)?);
        self.judge(self.answer(Method::POST, path, Some(body)).await?).map(drop)
    }

    pub(crate) async fn post<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        parse(&self.ask(Method::POST, path).await?)
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.ask(Method::DELETE, path).await.map(drop)
    }

    /// The body of a good answer.
    async fn ask(&self, method: Method, path: &str) -> anyhow::Result<Bytes> {
        self.judge(self.answer(method, path, None).await?)
    }

    fn judge(&self, (status, body): Answer) -> anyhow::Result<Bytes> {
        if status.is_success() {
            return Ok(body);
        }
        let problem: Problem = parse(&body)?;
        let failure = Failure::new(problem.error);
        Err(match status {
            StatusCode::NOT_FOUND => {
                let listing = self.instance.command(self.listing);
                failure.with_hint(format!("`{listing}` shows what there is"))
            }
            _ => failure,
        }
        .into())
    }

    async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Option<Bytes>,
    ) -> anyhow::Result<Answer> {
        let mut tries = 1;
        loop {
            let socket = self.instance.paths.control_socket();
            if let Some(answer) =
                control::request(&socket, method.clone(), path, body.clone()).await?
            {
                return Ok(answer);
            }
            let file = self.instance.paths.ledger_file();
            match ask_file(&file, method.clone(), path, body.clone()).await {
                Err(error) if tries < TRIES && is_in_use(&error) => {
                    tokio::time::sleep(PAUSE).await;
                }
                answer => return answer,
            }
            tries += 1;
        }
    }
}

/// A part of a path, with everything that could mean something there written in numbers.
pub(crate) fn escaped(part: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape = |byte: u8| match byte {
        plain if is_plain(plain) => char::from(plain).to_string(),
        other => format!("%{other:02X}"),
    };
    part.bytes().map(escape).collect()
}

async fn ask_file(
    file: &Path,
    method: Method,
    path: &str,
    body: Option<Bytes>,
) -> anyhow::Result<Answer> {
    let ledger = open(file, body.is_some()).await?;
    // What is retried waits in the file for the next gateway.
    let routes = ledger_routes(Arc::clone(&ledger), Arc::new(|_| false));
    let answer = serve(routes, method, path, body).await;
    ledger.close().await?;
    answer
}

/// A question makes no file: where there is none, nothing is in it.
async fn open(file: &Path, creates: bool) -> anyhow::Result<Arc<dyn Ledger>> {
    if creates && let Some(folder) = file.parent() {
        private_folder::create(folder)?;
    } else if !file.exists() && !file.with_extension("sqlite-wal").exists() {
        return Ok(Arc::new(MemoryLedger::default()));
    }
    Ok(Arc::new(SqliteLedger::open(SqliteOptions::new(file)).await?))
}

async fn serve(
    mut routes: Router,
    method: Method,
    path: &str,
    body: Option<Bytes>,
) -> anyhow::Result<Answer> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(CONTENT_TYPE, JSON).body(Body::from(body.unwrap_or_default()))?;
    // A router is always ready.
    let Ok(()) = poll_fn(|cx| Service::<Request<Body>>::poll_ready(&mut routes, cx)).await;
    let Ok(response) = routes.call(request).await;
    let status = response.status();
    let body = response.into_body().collect().await.context("cannot read the ledger's answer")?;
    Ok((status, body.to_bytes()))
}

fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::InUse { .. }))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(body)
        .context("the running gateway answered like another version of nanobot")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_a_path_is_escaped() {
        assert_eq!(escaped("web:a/b?ü"), "web%3Aa%2Fb%3F%C3%BC");
    }
}
