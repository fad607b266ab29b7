//! Asks the running gateway, over its control socket.

use std::path::Path;
#[cfg(unix)]
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use hyper::{Method, StatusCode};
use nanobot_gateway::Reloaded;
use nanobot_gateway::control::GatewayReport;

use crate::ledger_desk::escaped;

#[cfg(unix)]
mod socket;

/// How long a reload may take: new plugins are asked what they are.
#[cfg(unix)]
const RELOAD_LIMIT: Duration = Duration::from_secs(60);

/// Media type of what is sent.
pub(crate) const JSON: &str = "application/json";

/// How the gateway is, or nothing if none is running.
#[cfg(unix)]
pub(crate) async fn report(socket: &Path) -> anyhow::Result<Option<GatewayReport>> {
    use nanobot_gateway::control::STATUS_PATH;

    let Some((status, body)) = request(socket, Method::GET, STATUS_PATH, None).await? else {
        return Ok(None);
    };
    let report = serde_json::from_slice(&body);
    report.map(Some).with_context(|| {
        format!("the running gateway answered with status {status} like another version of nanobot")
    })
}

/// Lets the gateway start a channel again; false if no gateway is running that has the channel.
#[cfg(unix)]
pub(crate) async fn restart(socket: &Path, channel: &str) -> anyhow::Result<bool> {
    use nanobot_gateway::control::RESTART_PATH;

    let path = RESTART_PATH.replace("{name}", &escaped(channel));
    let answer = request(socket, Method::POST, &path, None).await?;
    Ok(answer.is_some_and(|(status, _)| status == StatusCode::ACCEPTED))
}

/// Lets the gateway read the config and look for plugins again; nothing if none is running.
#[cfg(unix)]
pub(crate) async fn reload(socket: &Path) -> anyhow::Result<Option<Reloaded>> {
    use nanobot_gateway::control::RELOAD_PATH;

    let answer =
        socket::request_within(socket, Method::POST, RELOAD_PATH, None, RELOAD_LIMIT).await;
    let Some((status, body)) = answer.context("cannot ask the running gateway")? else {
        return Ok(None);
    };
    let reloaded = serde_json::from_slice(&body);
    reloaded.map(Some).with_context(|| {
        format!("the running gateway answered with status {status}; restart it to see the change")
    })
}

/// Sends a request, with JSON in it if there is any; status and body of the answer, or nothing if
/// no gateway is running.
#[cfg(unix)]
pub(crate) async fn request(
    socket: &Path,
    method: Method,
    path: &str,
    body: Option<Bytes>,
) -> anyhow::Result<Option<(StatusCode, Bytes)>> {
    socket::request(socket, method, path, body).await.context("cannot ask the running gateway")
}

/// There are no such sockets here.
#[cfg(not(unix))]
pub(crate) async fn request(
    _: &Path,
    _: Method,
    _: &str,
    _: Option<Bytes>,
) -> anyhow::Result<Option<(StatusCode, Bytes)>> {
    Ok(None)
}

/// There are no such sockets here.
#[cfg(not(unix))]
pub(crate) async fn report(_: &Path) -> anyhow::Result<Option<GatewayReport>> {
    Ok(None)
}

/// There are no such sockets here.
#[cfg(not(unix))]
pub(crate) async fn restart(_: &Path, _: &str) -> anyhow::Result<bool> {
    Ok(false)
}

/// There are no such sockets here.
#[cfg(not(unix))]
pub(crate) async fn reload(_: &Path) -> anyhow::Result<Option<Reloaded>> {
    Ok(None)
}
