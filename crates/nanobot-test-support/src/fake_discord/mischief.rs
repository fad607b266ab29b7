use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;

use super::{DiscordCall, Shared, rest};

/// How one call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiscordMischief {
    /// 429 of the route in this channel, with this many milliseconds to wait. Nothing happens.
    TooMany(u64),
    /// 429 of all routes, with this many milliseconds to wait. Nothing happens.
    TooManyGlobal(u64),
    /// 429 of what guards Discord: no JSON, and seconds to wait in the header.
    TooManyAtTheDoor(u64),
    /// A page of a broken proxy with this status. Nothing happens.
    Status(u16),
    /// A refusal with this status and code. Nothing happens.
    Refuse(u16, u32),
    /// The connection is cut and nothing happens.
    CutBefore,
    /// The call is obeyed, but the connection is cut before the answer.
    CutAfter,
    /// The call waits for [`FakeDiscord::release`](super::FakeDiscord::release).
    Hold,
}

#[derive(Debug, Default)]
pub(super) struct Mischiefs {
    by_kind: HashMap<String, VecDeque<DiscordMischief>>,
}

impl Mischiefs {
    pub(super) fn add(&mut self, kind: &str, mischief: DiscordMischief) {
        self.by_kind.entry(kind.to_owned()).or_default().push_back(mischief);
    }

    pub(super) fn next(&mut self, kind: &str) -> Option<DiscordMischief> {
        self.by_kind.get_mut(kind)?.pop_front()
    }
}

pub(super) async fn apply(
    shared: &Arc<Shared>,
    mischief: Option<DiscordMischief>,
    call: &DiscordCall,
    uri: &Uri,
) -> Response {
    use DiscordMischief as Mischief;
    match mischief {
        None => rest::obey(shared, call, uri),
        Some(Mischief::TooMany(wait)) => too_many(shared, call, Duration::from_millis(wait)),
        Some(Mischief::TooManyGlobal(wait)) => {
            shared.state().limits.wait_global(Duration::from_millis(wait));
            let headers = [("x-ratelimit-global", "true"), ("x-ratelimit-scope", "global")];
            refuse_with(wait, true, &headers)
        }
        Some(Mischief::TooManyAtTheDoor(seconds)) => {
            shared.state().limits.wait(&call.kind, &call.major, Duration::from_secs(seconds));
            let header = [("retry-after", seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, header, "error code: 1015").into_response()
        }
        Some(Mischief::Status(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, "<html>broken</html>").into_response()
        }
        Some(Mischief::Refuse(status, code)) => rest::refuse(status, code, "refused"),
        Some(Mischief::CutBefore) => cut(),
        Some(Mischief::CutAfter) => {
            let _unseen = rest::obey(shared, call, uri);
            cut()
        }
        Some(Mischief::Hold) => {
            if let Ok(permit) = shared.release.acquire().await {
                permit.forget();
            }
            rest::obey(shared, call, uri)
        }
    }
}

/// Refuses a call, and expects that no other of its kind comes to the channel for so long.
fn too_many(shared: &Shared, call: &DiscordCall, wait: Duration) -> Response {
    shared.state().limits.wait(&call.kind, &call.major, wait);
    let wait = u64::try_from(wait.as_millis()).unwrap_or_default();
    refuse_with(wait, false, &[("x-ratelimit-scope", "user")])
}

/// See [Discord/exceeding a rate limit](https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit).
pub(super) fn refuse_with(wait_ms: u64, global: bool, headers: &[(&str, &str)]) -> Response {
    let seconds = Duration::from_millis(wait_ms).as_secs_f64();
    let words = json!({
        "message": "You are being rate limited.", "retry_after": seconds, "global": global
    });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, axum::Json(words)).into_response();
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("the name of a header");
        response.headers_mut().insert(name, value.parse().expect("the value of a header"));
    }
    response
}

/// An answer whose body breaks off.
fn cut() -> Response {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let body = stream::iter([Ok(axum::body::Bytes::from_static(b"{\"id\"")), Err(broken)]);
    Body::from_stream(body).into_response()
}
