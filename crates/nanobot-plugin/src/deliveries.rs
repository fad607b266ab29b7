use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use nanobot_channel::{ChannelError, ErrorKind, Receipt};
use nanobot_plugin_link::Peer;
use nanobot_protocol::line::Id;
use tokio_util::sync::CancellationToken;

use crate::convert;
use crate::receipts::Receipts;

/// Deliveries that may run at a time; the host has one for each chat at most.
const MAX_RUNNING: usize = 512;

/// Who waits for which delivery, and what became of the last ones.
///
/// A delivery runs once, however often it is asked for: whoever asks again while it runs gets the
/// same answer, and whoever asks later gets the remembered receipt.
pub(crate) struct Deliveries {
    peer: Peer,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    running: HashMap<String, Running>,
    receipts: Receipts,
}

struct Running {
    /// The request that started it.
    first: Id,
    /// The requests to answer.
    callers: Vec<Id>,
    cancel: CancellationToken,
}

impl Deliveries {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, table: Mutex::default() }
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.table().running.len()
    }

    /// Takes up a request. True if the caller is to deliver and to call [`Self::finish`], unless
    /// `cancel` comes first; false if the request is, or will be, answered without that.
    pub(crate) fn claim(&self, delivery_id: &str, id: Id, cancel: &CancellationToken) -> bool {
        let mut table = self.table();
        if let Some(receipt) = table.receipts.get(delivery_id) {
            let receipt = convert::receipt(receipt);
            self.peer.answer_now(id, Ok(&receipt));
            return false;
        }
        if let Some(running) = table.running.get_mut(delivery_id) {
            running.callers.push(id);
            return false;
        }
        if table.running.len() >= MAX_RUNNING {
            drop(table);
            let error = ChannelError::new(ErrorKind::Overloaded, "too many deliveries at a time");
            self.refuse(id, &error);
            return false;
        }
        let running = Running { first: id, callers: vec![id], cancel: cancel.clone() };
        table.running.insert(delivery_id.to_owned(), running);
        true
    }

    /// Answers everybody who waits for the delivery that request `first` started.
    pub(crate) async fn finish(
        &self,
        delivery_id: String,
        first: Id,
        result: Result<Receipt, ChannelError>,
    ) {
        let callers = self.settle(delivery_id, first, result.as_ref().ok());
        let answer = match &result {
            Ok(receipt) => Ok(convert::receipt(receipt)),
            Err(error) => Err(convert::error_object(error)),
        };
        for id in callers {
            // Fails only when the host is gone, which the reader finds out by itself.
            let _ = self.peer.answer(id, answer.as_ref()).await;
        }
    }

    fn settle(&self, delivery_id: String, first: Id, receipt: Option<&Receipt>) -> Vec<Id> {
        let mut table = self.table();
        let is_current = |running: &Running| running.first == first;
        let callers = match table.running.get(&delivery_id) {
            Some(running) if is_current(running) => table.running.remove(&delivery_id),
            _ => None,
        };
        if let Some(receipt) = receipt {
            table.receipts.insert(delivery_id, receipt.clone());
        }
        callers.map(|running| running.callers).unwrap_or_default()
    }

    /// Takes a request back. The delivery is cancelled when nobody waits for it any more; its
    /// outcome is then unknown, so that asking again delivers again.
    pub(crate) fn cancel(&self, id: Id) {
        let mut table = self.table();
        let mut entries = table.running.iter_mut();
        let Some((key, running)) = entries.find(|(_, running)| running.callers.contains(&id))
        else {
            return;
        };
        running.callers.retain(|caller| *caller != id);
        if running.callers.is_empty() {
            running.cancel.cancel();
            let key = key.clone();
            table.running.remove(&key);
        }
        drop(table);
        let error = ChannelError::new(ErrorKind::Cancelled, "the delivery was cancelled");
        self.refuse(id, &error);
    }

    /// Answers a request with an error, at once.
    pub(crate) fn refuse(&self, id: Id, error: &ChannelError) {
        let error = convert::error_object(error);
        self.peer.answer_now::<()>(id, Err(&error));
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
