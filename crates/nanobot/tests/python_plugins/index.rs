//! A package index with other programs of our names.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};

type Asked = Arc<Mutex<Vec<String>>>;

/// A running index, which has nothing but a page for each of our names.
pub(crate) struct Index {
    pub(crate) address: SocketAddr,
    asked: Asked,
}

impl Index {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let asked = Asked::default();
        let router = Router::new().fallback(page).with_state(asked.clone());
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { address, asked }
    }

    /// The pages that somebody wanted to see.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn page(State(asked): State<Asked>, uri: Uri) -> Result<String, StatusCode> {
    asked.lock().unwrap().push(uri.path().to_owned());
    let name = uri.path().trim_matches('/').to_owned();
    if !["nanobot", "nanobot-ai"].contains(&name.as_str()) {
        return Err(StatusCode::NOT_FOUND);
    }
    let file = format!("{}-99.0-py3-none-any.whl", name.replace('-', "_"));
    Ok(format!("<html><body><a href=\"/{file}\">{file}</a></body></html>"))
}
