use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use nanobot_gateway::control::{KEY_HEADER, key_file};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::JSON;

/// How long a gateway that is alive may take.
const LIMIT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Sends a request over the socket; nothing if nobody listens there.
pub(super) async fn request(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<Bytes>,
) -> anyhow::Result<Option<(StatusCode, Bytes)>> {
    request_within(socket, method, path, body, LIMIT).await
}

/// The same for what may take longer.
pub(super) async fn request_within(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<Bytes>,
    limit: Duration,
) -> anyhow::Result<Option<(StatusCode, Bytes)>> {
    let stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(error) if is_nobody_there(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // One of an earlier version has none, and asks for none.
    let key = tokio::fs::read_to_string(key_file(socket)).await.unwrap_or_default();
    let answer = timeout(limit, ask(stream, &key, method, path, body)).await;
    answer.context("it does not answer")?.map(Some)
}

/// No socket, or one left over from a gateway that was killed.
fn is_nobody_there(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

async fn ask(
    stream: UnixStream,
    key: &str,
    method: Method,
    path: &str,
    body: Option<Bytes>,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, JSON)
        .header(KEY_HEADER, key)
        .body(Full::new(body.unwrap_or_default()))?;
    let answered = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!(error))?;
        Ok((status, body.to_bytes()))
    };
    // The connection moves the bytes; when it fails, it has the better reason.
    tokio::select! {
        biased;
        answer = answered => answer,
        Err(error) = connection => Err(error.into()),
    }
}
