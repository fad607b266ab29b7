//! A ledger in memory that is slow or fails where the test wants it.

use async_trait::async_trait;
use nanobot_ledger::{
    Accepted, Claim, DeliveryFilter, DeliveryRecord, FailedTry, HistoryPage, InboundEntry,
    InboundRecord, Ledger, LedgerError, MemoryLedger, OutboundEntry, SessionFile, SessionInfo,
    SessionPage, SessionUsage, Settlement, Trace, TurnCommit, UsageQuery, UsageRow,
    WaitingDelivery,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Semaphore, watch};

#[derive(Default)]
pub(crate) struct OddLedger {
    inner: MemoryLedger,
    /// Claims that fail before one works again.
    pub(crate) failing_claims: AtomicUsize,
    pub(crate) accepts: Gate,
    pub(crate) commits: Gate,
}

/// Lets calls through, unless the test holds them.
pub(crate) struct Gate {
    is_open: watch::Sender<bool>,
    held: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self { is_open: watch::Sender::new(true), held: Semaphore::new(0) }
    }
}

impl Gate {
    /// Holds the calls from now on.
    pub(crate) fn close(&self) {
        self.is_open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.is_open.send_replace(true);
    }

    /// Waits until a call is held.
    pub(crate) async fn holds_one(&self) {
        self.held.acquire().await.expect("it is never closed").forget();
    }

    async fn pass(&self) {
        if !*self.is_open.borrow() {
            self.held.add_permits(1);
        }
        let mut is_open = self.is_open.subscribe();
        is_open.wait_for(|is_open| *is_open).await.expect("the gate is there");
    }
}

/// Writes the calls that the ledger in memory answers.
macro_rules! odd_ledger {
    (
        own { $($own:tt)* }
        passed_on { $(fn $name:ident($($given:ident: $type:ty),*) -> $answer:ty;)* }
    ) => {
        #[async_trait]
        impl Ledger for OddLedger {
            $($own)*
            $(async fn $name(&self, $($given: $type),*) -> Result<$answer, LedgerError> {
                self.inner.$name($($given),*).await
            })*
        }
    };
}

odd_ledger! {
    own {
        async fn accept(&self, entry: InboundEntry) -> Result<Accepted, LedgerError> {
            self.accepts.pass().await;
            self.inner.accept(entry).await
        }

        async fn claim(&self, session: &str) -> Result<Option<Claim>, LedgerError> {
            let take_one = |left: usize| left.checked_sub(1);
            match self.failing_claims.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one) {
                Ok(_) => Err(LedgerError::new("the test wants this call to fail")),
                Err(_) => self.inner.claim(session).await,
            }
        }

        async fn commit_turn(&self, turn: TurnCommit) -> Result<(), LedgerError> {
            self.commits.pass().await;
            self.inner.commit_turn(turn).await
        }
    }
    passed_on {
        fn waiting_in(session: &str, limit: usize) -> Vec<InboundEntry>;
        fn checkpoint(inbound_id: &str, json: String) -> ();
        fn release(session: &str) -> ();
        fn discard_waiting(session: &str) -> u64;
        fn begin_delivery(delivery_id: &str) -> bool;
        fn fail_try(delivery_id: &str, failed: FailedTry) -> ();
        fn hold_delivery(delivery_id: &str, reason: &str) -> ();
        fn settle(delivery_id: &str, outcome: Settlement) -> ();
        fn waiting_sessions() -> Vec<String>;
        fn waiting_deliveries() -> Vec<WaitingDelivery>;
        fn deliveries(filter: DeliveryFilter) -> Vec<DeliveryRecord>;
        fn retry_delivery(delivery_id: &str) -> Option<OutboundEntry>;
        fn drop_delivery(delivery_id: &str) -> bool;
        fn unanswered(limit: usize) -> Vec<InboundRecord>;
        fn trace(id: &str) -> Option<Trace>;
        fn usage(query: UsageQuery) -> Vec<UsageRow>;
        fn session_usage(session: &str) -> SessionUsage;
        fn sessions(page: SessionPage) -> Vec<SessionInfo>;
        fn session(key: &str) -> Option<SessionInfo>;
        fn session_history(key: &str, page: HistoryPage) -> Vec<String>;
        fn import_session(session: SessionFile) -> bool;
        fn delete_session(key: &str) -> bool;
        fn close() -> ();
    }
}
