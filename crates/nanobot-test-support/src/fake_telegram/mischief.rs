use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::methods;
use super::refusal::Refusal;
use super::{Shared, TelegramCall};

/// How one call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mischief {
    /// 429 with this many seconds to wait. Nothing happens.
    TooMany(u64),
    /// A page of a broken proxy with this status. Nothing happens.
    Status(u16),
    /// The connection is cut and nothing happens.
    CutBefore,
    /// The call is obeyed, but the connection is cut before the answer.
    CutAfter,
    /// The call waits for [`FakeTelegram::release`](super::FakeTelegram::release).
    Hold,
    /// 409, as if another program asked for updates.
    Conflict,
    /// The tags are not understood, as if Telegram's rules had changed. Nothing happens.
    BadMarkup,
    /// Updates that were confirmed come again.
    RepeatUpdates,
    /// 401, as if the token had been revoked.
    Unauthorized,
}

#[derive(Debug, Default)]
pub(super) struct Mischiefs {
    by_method: HashMap<String, VecDeque<Mischief>>,
}

impl Mischiefs {
    pub(super) fn add(&mut self, method: &str, mischief: Mischief) {
        self.by_method.entry(method.to_owned()).or_default().push_back(mischief);
    }

    pub(super) fn next(&mut self, method: &str) -> Option<Mischief> {
        self.by_method.get_mut(method)?.pop_front()
    }
}

pub(super) async fn apply(
    shared: &Arc<Shared>,
    mischief: Option<Mischief>,
    call: &TelegramCall,
) -> Response {
    match mischief {
        None => methods::obey(shared, call).await,
        Some(Mischief::TooMany(seconds)) => methods::too_many(shared, call, seconds),
        Some(Mischief::Status(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, "<html>broken</html>").into_response()
        }
        Some(Mischief::CutBefore) => cut(),
        Some(Mischief::CutAfter) => {
            let _unseen = methods::obey(shared, call).await;
            cut()
        }
        Some(Mischief::Hold) => {
            if let Ok(permit) = shared.release.acquire().await {
                permit.forget();
            }
            methods::obey(shared, call).await
        }
        Some(Mischief::Conflict) => {
            let reason = "Conflict: terminated by other getUpdates request; make sure that only \
                          one bot instance is running";
            Refusal::new(409, reason).into_response()
        }
        Some(Mischief::BadMarkup) => {
            Refusal::bad_request("can't parse entities: unsupported start tag").into_response()
        }
        Some(Mischief::RepeatUpdates) => {
            shared.state().updates.repeat_all();
            let batch = shared.state().updates.batch(100);
            methods::success(&batch.into())
        }
        Some(Mischief::Unauthorized) => Refusal::new(401, "Unauthorized").into_response(),
    }
}

/// An answer whose body breaks off.
fn cut() -> Response {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let body = stream::iter([Ok(axum::body::Bytes::from_static(b"{\"ok\"")), Err(broken)]);
    Body::from_stream(body).into_response()
}
