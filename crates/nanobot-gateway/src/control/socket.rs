use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio_util::sync::CancellationToken;

#[cfg(unix)]
use super::key;
use super::{GatewayReport, RESTART_PATH, STATUS_PATH};
use crate::supervisor::Supervisor;

/// Makes the report of the moment.
pub(crate) type Report = dyn Fn() -> GatewayReport + Send + Sync;

/// The control socket of a running gateway.
pub(crate) struct ControlSocket {
    pub(crate) path: PathBuf,
    pub(crate) report: Arc<Report>,
    pub(crate) supervisor: Supervisor,
    /// What else is answered: about the ledger, and requests for a reload.
    pub(crate) others: Router,
}

impl ControlSocket {
    /// Opens the socket at once, then serves until shutdown and removes it. A gateway without a
    /// socket still works, so failing to open it is only logged.
    #[cfg(unix)]
    pub(crate) fn serve(self, shutdown: CancellationToken) -> impl Future<Output = ()> + Send {
        let opened = open(&self.path).inspect_err(|error| {
            let path = self.path.display();
            tracing::warn!(%error, %path, "Could not open the control socket; `nanobot channels status` cannot ask this gateway.");
        });
        async move {
            let Ok((listener, key)) = opened else { return };
            let routes = routes(self.report, self.supervisor).merge(self.others);
            let routes = key::guarded(routes, key);
            let server = axum::serve(listener, routes).into_future();
            if let Some(Err(error)) = shutdown.run_until_cancelled(server).await {
                tracing::error!(%error, "The control socket failed.");
            }
            let _ = std::fs::remove_file(key::key_file(&self.path));
            let _ = std::fs::remove_file(&self.path);
        }
    }

    /// There are no such sockets here.
    #[cfg(not(unix))]
    pub(crate) fn serve(self, shutdown: CancellationToken) -> impl Future<Output = ()> + Send {
        async move { shutdown.cancelled().await }
    }
}

#[cfg(unix)]
fn routes(report: Arc<Report>, supervisor: Supervisor) -> Router {
    let status = move || async move { Json(report()) };
    let restart = move |Path(name): Path<String>| async move {
        if supervisor.restart(&name) { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND }
    };
    Router::new().route(STATUS_PATH, get(status)).route(RESTART_PATH, post(restart))
}

/// Opens the socket, with a new key, for its own user only: in a folder that nobody else can look into, so that there
/// is no moment in which the socket is open to others. The instance's lock is held, so a file that
/// is there is left over from a gateway that was killed.
#[cfg(unix)]
fn open(path: &std::path::Path) -> std::io::Result<(tokio::net::UnixListener, String)> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};

    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // It may have been there before, and open.
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700))?;
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let key = key::create(path)?;
    let listener = tokio::net::UnixListener::bind(path)?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
    Ok((listener, key))
}
