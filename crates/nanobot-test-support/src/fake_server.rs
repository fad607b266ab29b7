use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What a client did against the rules of a fake server, for tests to fail by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Violations {
    list: Arc<Mutex<Vec<String>>>,
}

impl Violations {
    pub(crate) fn add(&self, what: impl Into<String>) {
        self.list().push(what.into());
    }

    /// Takes what there is; what nobody takes fails the test at the end.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.list())
    }

    fn list(&self) -> MutexGuard<'_, Vec<String>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A free port of the loopback interface.
pub(crate) struct Port {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// An HTTP server, until it is dropped.
pub(crate) struct FakeServer {
    /// What it plays, for the words of a test that fails.
    name: &'static str,
    address: SocketAddr,
    pub(crate) violations: Violations,
    task: JoinHandle<()>,
}

impl Port {
    /// # Panics
    ///
    /// Panics when no port can be bound.
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("the loopback interface has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        Self { listener, address }
    }

    pub(crate) fn serve(
        self,
        name: &'static str,
        violations: &Violations,
        routes: Router,
    ) -> FakeServer {
        // Small frames one after another would otherwise wait for delayed acknowledgements, 40 ms
        // each.
        let listener = self.listener.tap_io(|connection| {
            connection.set_nodelay(true).expect("a fresh TCP connection takes this option");
        });
        let task = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("a fake server runs until aborted");
        });
        FakeServer { name, address: self.address, violations: violations.clone(), task }
    }
}

impl FakeServer {
    /// Its address, without a path.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.task.abort();
        let violations = self.violations.take();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "invalid calls to {}: {violations:#?}", self.name);
        }
    }
}
