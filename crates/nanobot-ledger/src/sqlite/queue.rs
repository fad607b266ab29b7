//! How calls reach the thread that owns the file, and how answers come back.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::backlog::Backlog;
use super::store::{Failure, Unit};
use crate::LedgerError;

/// Commands that may be under way. When there are more, callers wait.
const COMMANDS: usize = 2_048;

/// What a command needs of the disk. A batch needs what the neediest of its commands does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Writes nothing.
    Read,
    /// Writes a mark, and does its work without if nothing can be written.
    BestEffort,
    /// Survives a crash of the process at once, and one of the machine a little later.
    Relaxed,
    /// Survives a crash of the machine.
    Synced,
}

/// A command with its place for the answer. It may be run again after a transaction failed.
pub(super) trait Command: Send {
    fn kind(&self) -> Kind;
    fn run(&mut self, unit: &mut Unit<'_>) -> Result<(), Failure>;
    fn fail(&mut self, failure: Failure);
    fn answer(self: Box<Self>, backlog: &mut Backlog);
}

/// What the thread is sent.
pub(super) enum Errand {
    Run(Box<dyn Command>),
    Close(oneshot::Sender<Result<(), LedgerError>>),
}

struct Ask<W, A> {
    action: &'static str,
    kind: Kind,
    work: W,
    result: Option<Result<A, LedgerError>>,
    reply: oneshot::Sender<Result<A, LedgerError>>,
    /// Undoes in memory what nobody waits for any more; none if the effect is wanted nevertheless.
    undo: Option<fn(A, &mut Backlog)>,
    _permit: OwnedSemaphorePermit,
}

/// The calling side.
#[derive(Debug)]
pub(super) struct Queue {
    errands: SyncSender<Errand>,
    permits: Arc<Semaphore>,
}

pub(super) fn channel() -> (Queue, Receiver<Errand>) {
    // One more than there are permits: room for the word to close.
    let (errands, receiver) = sync_channel(COMMANDS + 1);
    let permits = Arc::new(Semaphore::new(COMMANDS));
    (Queue { errands, permits }, receiver)
}

impl Queue {
    /// Sends a command and awaits its answer.
    pub(super) async fn ask<A, W>(
        &self,
        action: &'static str,
        kind: Kind,
        work: W,
    ) -> Result<A, LedgerError>
    where
        A: Send + 'static,
        W: FnMut(&mut Unit<'_>) -> Result<A, Failure> + Send + 'static,
    {
        self.send(action, kind, work, None).await
    }

    /// Like [`ask`](Self::ask), for a command whose effect in memory must not outlive a caller that
    /// stopped waiting.
    pub(super) async fn ask_or_undo<A, W>(
        &self,
        action: &'static str,
        kind: Kind,
        work: W,
        undo: fn(A, &mut Backlog),
    ) -> Result<A, LedgerError>
    where
        A: Send + 'static,
        W: FnMut(&mut Unit<'_>) -> Result<A, Failure> + Send + 'static,
    {
        self.send(action, kind, work, Some(undo)).await
    }

    async fn send<A, W>(
        &self,
        action: &'static str,
        kind: Kind,
        work: W,
        undo: Option<fn(A, &mut Backlog)>,
    ) -> Result<A, LedgerError>
    where
        A: Send + 'static,
        W: FnMut(&mut Unit<'_>) -> Result<A, Failure> + Send + 'static,
    {
        let closed = || LedgerError::new("the ledger is closed");
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|_| closed())?;
        let (reply, answer) = oneshot::channel();
        let ask = Ask { action, kind, work, result: None, reply, undo, _permit: permit };
        self.errands.try_send(Errand::Run(Box::new(ask))).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    pub(super) async fn close(&self) -> Result<(), LedgerError> {
        self.permits.close();
        let (reply, answer) = oneshot::channel();
        if self.errands.try_send(Errand::Close(reply)).is_err() {
            return Ok(());
        }
        answer.await.unwrap_or(Ok(()))
    }
}

impl<A, W> Command for Ask<W, A>
where
    A: Send,
    W: FnMut(&mut Unit<'_>) -> Result<A, Failure> + Send,
{
    fn kind(&self) -> Kind {
        self.kind
    }

    fn run(&mut self, unit: &mut Unit<'_>) -> Result<(), Failure> {
        let is_wanted = self.undo.is_none() || !self.reply.is_closed();
        if is_wanted {
            self.result = Some(Ok((self.work)(unit)?));
        }
        Ok(())
    }

    fn fail(&mut self, failure: Failure) {
        self.result = Some(Err(LedgerError::new(self.action).with_source(failure)));
    }

    fn answer(self: Box<Self>, backlog: &mut Backlog) {
        let Some(result) = self.result else { return };
        if let (Err(Ok(unheard)), Some(undo)) = (self.reply.send(result), self.undo) {
            undo(unheard, backlog);
            backlog.keep();
        }
    }
}
