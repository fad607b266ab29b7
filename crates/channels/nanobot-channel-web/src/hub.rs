use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use nanobot_channel::{ChannelContext, ChannelError};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Access;
use crate::connections::{Connections, Outbox};
use crate::lock::lock;
use crate::options::{HubOptions, Limits};
use crate::page::Page;
use crate::protocol::HubFrame;
use crate::store::Store;
use crate::streams::Streams;

/// What the pages are connected to; made once, and alive while the channel restarts.
pub struct WebHub {
    title: String,
    gateway: Mutex<Gateway>,
    closing: CancellationToken,
    pub(crate) limits: Limits,
    pub(crate) access: Access,
    pub(crate) page: Page,
    pub(crate) store: Store,
    pub(crate) streams: Mutex<Streams>,
    pub(crate) connections: Arc<Connections>,
    /// One permit for each page that may still connect.
    pub(crate) seats: Arc<Semaphore>,
    pub(crate) sockets: TaskTracker,
    /// Messages on their way to the gateway; they outlive the connection that brought them.
    pub(crate) handovers: TaskTracker,
}

/// The running channel, if there is one.
#[derive(Default)]
struct Gateway {
    cx: Option<ChannelContext>,
    /// Counts the channels that ran, so that a channel that stops late does not detach its
    /// successor.
    generation: u64,
}

/// Connects a running channel to the hub until it is dropped.
pub(crate) struct Attached {
    hub: Arc<WebHub>,
    generation: u64,
}

impl WebHub {
    /// Makes a hub and reads the list of conversations.
    ///
    /// It answers no request before [`set_bound`](Self::set_bound).
    ///
    /// # Errors
    ///
    /// Kind `Internal` if the folder for the transcripts cannot be made or read.
    pub fn new(options: HubOptions) -> Result<Arc<Self>, ChannelError> {
        let limits = options.limits;
        let store = Store::open(
            options.state_dir.join("conversations"),
            options.max_conversations.max(1),
            limits.max_file_bytes,
        )
        .map_err(|error| {
            ChannelError::internal("failed to open the folder for conversations").with_source(error)
        })?;
        Ok(Arc::new(Self {
            page: Page::new(&options.title),
            title: options.title,
            gateway: Mutex::default(),
            closing: CancellationToken::new(),
            limits,
            access: Access::new(&options.allowed_hosts, options.token),
            store,
            streams: Mutex::default(),
            connections: Arc::new(Connections::new(limits)),
            seats: Arc::new(Semaphore::new(limits.max_connections)),
            sockets: TaskTracker::new(),
            handovers: TaskTracker::new(),
        }))
    }

    /// Tells the hub where it can be reached, which decides the values of `Host` it answers to.
    pub fn set_bound(&self, address: SocketAddr) {
        self.access.set_bound(address);
    }

    /// The page at `/`, its WebSocket at `/ws` and its icon at `/favicon.ico`.
    pub fn router(self: &Arc<Self>) -> Router {
        crate::http::router(Arc::clone(self))
    }

    /// Disconnects all pages and waits until they are gone; further ones are turned away.
    pub async fn close(&self) {
        self.closing.cancel();
        self.sockets.close();
        self.handovers.close();
        self.sockets.wait().await;
        self.handovers.wait().await;
    }

    /// Completes when the hub closes.
    pub(crate) async fn closed(&self) {
        self.closing.cancelled().await;
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_cancelled()
    }

    /// The running channel's way to the gateway.
    pub(crate) fn gateway(&self) -> Option<ChannelContext> {
        lock(&self.gateway).cx.clone()
    }

    pub(crate) fn attach(self: &Arc<Self>, cx: ChannelContext) -> Attached {
        let mut gateway = lock(&self.gateway);
        gateway.cx = Some(cx);
        gateway.generation += 1;
        self.connections.to_all(&HubFrame::Status { ready: true });
        Attached { hub: Arc::clone(self), generation: gateway.generation }
    }

    /// The locks are held so that no change falls between what `welcome` says and the frames that
    /// follow it.
    pub(crate) fn welcome(&self, outbox: &Outbox) {
        let gateway = lock(&self.gateway);
        self.store.with_rows(|rows| {
            outbox.push(&HubFrame::Welcome {
                title: &self.title,
                ready: gateway.cx.is_some(),
                max_text_bytes: self.limits.max_text_bytes,
                conversations: rows,
            });
        });
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        let mut gateway = lock(&self.hub.gateway);
        if gateway.generation == self.generation {
            gateway.cx = None;
            self.hub.connections.to_all(&HubFrame::Status { ready: false });
        }
    }
}

impl std::fmt::Debug for WebHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebHub").field("title", &self.title).finish_non_exhaustive()
    }
}
