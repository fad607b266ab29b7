//! Who may ask over the control socket: whoever can read the key beside it.
//!
//! The walls around plugins and commands do not govern sockets that are files, so that having
//! reached the socket proves nothing.

use std::path::{Path, PathBuf};

/// Header with the key; each request on the control socket needs it.
pub const KEY_HEADER: &str = "x-nanobot-key";

/// The file with the key of the gateway that listens on this socket: text, new with each start.
#[must_use]
pub fn key_file(socket: &Path) -> PathBuf {
    socket.with_extension("key")
}

#[cfg(unix)]
pub(super) use unix::{create, guarded};

#[cfg(unix)]
mod unix {
    use std::fmt::Write as _;
    use std::fs::{File, OpenOptions};
    use std::io::{self, ErrorKind, Read, Write};
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;
    use std::sync::Arc;

    use axum::extract::{Request, State};
    use axum::http::{HeaderValue, StatusCode};
    use axum::middleware::{Next, from_fn_with_state};
    use axum::response::{IntoResponse, Response};
    use axum::{Json, Router};
    use subtle::ConstantTimeEq;

    use super::{KEY_HEADER, key_file};
    use crate::control::Problem;

    const KEY_BYTES: usize = 32;

    /// Makes a key, and puts it where only the user of the gateway can read it.
    pub(in super::super) fn create(socket: &Path) -> io::Result<String> {
        let mut bytes = [0; KEY_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let mut key = String::with_capacity(2 * KEY_BYTES);
        for byte in bytes {
            write!(key, "{byte:02x}").expect("writing to a string cannot fail");
        }
        let path = key_file(socket);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(key.as_bytes())?;
        Ok(key)
    }

    /// Answers only those who know the key.
    pub(in super::super) fn guarded(routes: Router, key: String) -> Router {
        routes.layer(from_fn_with_state(Arc::new(key), check))
    }

    async fn check(State(key): State<Arc<String>>, request: Request, next: Next) -> Response {
        let given =
            request.headers().get(KEY_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
        if bool::from(given.ct_eq(key.as_bytes())) {
            return next.run(request).await;
        }
        let error = "the key of the control socket is missing or wrong".to_owned();
        (StatusCode::FORBIDDEN, Json(Problem { error })).into_response()
    }
}
