use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nanobot_protocol::line::{self, Id};
use nanobot_protocol::{Cancel, ErrorObject, MAX_LINE_BYTES, Notification, Request};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::LinkError;

type Answer = Result<Box<RawValue>, ErrorObject>;

/// The other side of the link, to be called. Clones call the same side.
#[derive(Clone)]
pub struct Peer {
    shared: Arc<Shared>,
}

struct Shared {
    lines: mpsc::Sender<Vec<u8>>,
    next_id: AtomicU64,
    waiting: Mutex<HashMap<Id, oneshot::Sender<Answer>>>,
    closed: CancellationToken,
}

impl Peer {
    pub(crate) fn new(lines: mpsc::Sender<Vec<u8>>) -> Self {
        let shared = Shared {
            lines,
            next_id: AtomicU64::new(1),
            waiting: Mutex::default(),
            closed: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Asks, and waits for the answer as long as the link lasts.
    ///
    /// Dropping the future takes the question back: a late answer is ignored.
    ///
    /// # Errors
    ///
    /// See [`LinkError`].
    pub async fn request<R: Request>(&self, params: &R) -> Result<R::Answer, LinkError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        self.request_as(id, params).await
    }

    /// Asks, and waits for the answer no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// [`LinkError::Timeout`] after the time; the request is then taken back with `$/cancel`.
    pub async fn request_within<R: Request>(
        &self,
        params: &R,
        timeout: Duration,
    ) -> Result<R::Answer, LinkError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(timeout, self.request_as(id, params)).await {
            Ok(answer) => answer,
            Err(_) => {
                self.shared.try_write(line::notification(&Cancel { id }));
                Err(LinkError::Timeout { method: R::METHOD, timeout })
            }
        }
    }

    async fn request_as<R: Request>(&self, id: Id, params: &R) -> Result<R::Answer, LinkError> {
        let line = fitting(R::METHOD, line::request(id, params))?;
        let waiter = Waiter::register(&self.shared, id)?;
        self.write(line).await?;
        let answer = waiter.answer().await?;
        let result = answer.map_err(LinkError::Refused)?;
        serde_json::from_str(result.get())
            .map_err(|source| LinkError::BadAnswer { method: R::METHOD, source })
    }

    /// Tells, without an answer.
    ///
    /// # Errors
    ///
    /// Fails if the link is closed or the line would be too long.
    pub async fn notify<N: Notification>(&self, params: &N) -> Result<(), LinkError> {
        self.write(fitting(N::METHOD, line::notification(params))?).await
    }

    /// Tells, without an answer, if there is room for it now; false if it was left out.
    ///
    /// For news that the next one makes stale, from places that must not wait.
    pub fn try_notify<N: Notification>(&self, params: &N) -> bool {
        self.shared.try_write(line::notification(params))
    }

    /// Answers a request of the other side.
    ///
    /// # Errors
    ///
    /// Fails if the link is closed.
    pub async fn answer<A: Serialize>(
        &self,
        id: Id,
        result: Result<&A, &ErrorObject>,
    ) -> Result<(), LinkError> {
        self.write(line::answer(id, result)).await
    }

    /// Answers a request of the other side from a place that must not wait.
    ///
    /// The number of requests in flight is bounded, so there is room unless the other side calls
    /// without reading its answers; that ends the link.
    pub fn answer_now<A: Serialize>(&self, id: Id, result: Result<&A, &ErrorObject>) {
        if !self.shared.try_write(line::answer(id, result)) && !self.is_closed() {
            tracing::error!("The other side does not read its answers; the link ends.");
            self.close();
        }
    }

    /// Ends the link: all waiting requests fail, and nothing more is sent.
    pub fn close(&self) {
        self.shared.closed.cancel();
        self.shared.waiting().clear();
    }

    /// True once the link has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.closed.is_cancelled()
    }

    /// Returns when the link has ended.
    pub async fn closed(&self) {
        self.shared.closed.cancelled().await;
    }

    async fn write(&self, line: Vec<u8>) -> Result<(), LinkError> {
        if self.is_closed() {
            return Err(LinkError::Closed);
        }
        tokio::select! {
            sent = self.shared.lines.send(line) => sent.map_err(|_| LinkError::Closed),
            () = self.closed() => Err(LinkError::Closed),
        }
    }

    /// Hands an answer to whoever waits for it; false if nobody does any more.
    pub(crate) fn resolve(&self, id: Id, answer: Answer) -> bool {
        let waiter = self.shared.waiting().remove(&id);
        waiter.is_some_and(|waiter| waiter.send(answer).is_ok())
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("is_closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, HashMap<Id, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_write(&self, line: Vec<u8>) -> bool {
        line.len() <= MAX_LINE_BYTES
            && !self.closed.is_cancelled()
            && self.lines.try_send(line).is_ok()
    }
}

/// A place in the table of waiting requests, given up when dropped.
struct Waiter<'a> {
    shared: &'a Shared,
    id: Id,
    answer: oneshot::Receiver<Answer>,
}

impl<'a> Waiter<'a> {
    fn register(shared: &'a Shared, id: Id) -> Result<Self, LinkError> {
        let (sender, answer) = oneshot::channel();
        let mut waiting = shared.waiting();
        // Looked at under the lock that `close` takes after it sets the flag: a request registered
        // here is either refused now or cleared there, and never waits for ever.
        if shared.closed.is_cancelled() {
            return Err(LinkError::Closed);
        }
        waiting.insert(id, sender);
        Ok(Self { shared, id, answer })
    }

    async fn answer(mut self) -> Result<Answer, LinkError> {
        (&mut self.answer).await.map_err(|_| LinkError::Closed)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.shared.waiting().remove(&self.id);
    }
}

fn fitting(method: &'static str, line: Vec<u8>) -> Result<Vec<u8>, LinkError> {
    // The line feed does not count.
    match line.len() - 1 {
        bytes if bytes <= MAX_LINE_BYTES => Ok(line),
        bytes => Err(LinkError::TooLong { method, bytes }),
    }
}
