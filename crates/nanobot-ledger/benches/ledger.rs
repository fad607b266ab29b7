//! How fast the engine in a file is: `cargo bench -p nanobot-ledger`.
//!
//! The directory is `TMPDIR`; put it on the disk that is to be measured, not in memory.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use divan::Bencher;
use divan::counter::ItemsCount;
use nanobot_channel::{InboundMessage, OutboundKind, OutboundMessage, Receipt};
use nanobot_ledger::{
    InboundEntry, Ledger, OutboundEntry, Settlement, SqliteLedger, SqliteOptions, TurnCommit,
    TurnUsage, new_id, now_ms,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Bytes of a message's text.
const TEXT_BYTES: usize = 400;
/// Messages in one measured run.
const MESSAGES: usize = 2_048;
/// Messages of one session, each of which adds two entries to its history.
const TURNS: usize = 32;

fn main() {
    divan::main();
}

struct Place {
    runtime: Runtime,
    ledger: Arc<SqliteLedger>,
    _directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .expect("a runtime");
        let directory = tempfile::tempdir().expect("a directory");
        let options = SqliteOptions {
            waiting: usize::MAX,
            waiting_per_session: usize::MAX,
            ..SqliteOptions::new(directory.path().join("ledger.sqlite"))
        };
        let ledger = runtime.block_on(SqliteLedger::open(options));
        Self { runtime, ledger: Arc::new(ledger.expect("the ledger opens")), _directory: directory }
    }

    /// Shares `MESSAGES` calls among so many tasks and awaits them all.
    fn run<F>(&self, tasks: usize, call: impl Fn(Arc<SqliteLedger>, String) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
        F: Send,
    {
        self.runtime.block_on(async {
            let mut running = JoinSet::new();
            for task in 0..tasks {
                running.spawn(call(Arc::clone(&self.ledger), format!("webhook:{task}")));
            }
            while let Some(done) = running.join_next().await {
                done.expect("no call panics");
            }
        });
    }
}

fn inbound(session: &str) -> InboundEntry {
    InboundEntry {
        id: new_id(),
        channel: "webhook".into(),
        session: session.into(),
        received_ms: now_ms(),
        message: InboundMessage::new("ada", session, "x".repeat(TEXT_BYTES))
            .with_event_id(new_id()),
    }
}

fn answer(inbound: &InboundEntry) -> TurnCommit {
    let message = OutboundMessage {
        delivery_id: new_id(),
        chat_id: inbound.message.chat_id.clone(),
        thread_id: None,
        text: "y".repeat(TEXT_BYTES),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: serde_json::Map::new(),
    };
    let entry = format!(r#"{{"role":"user","content":"{}"}}"#, "x".repeat(TEXT_BYTES));
    TurnCommit {
        inbound_id: inbound.id.clone(),
        joined: Vec::new(),
        session: inbound.session.clone(),
        history: vec![entry.clone(), entry],
        outbound: vec![OutboundEntry { channel: inbound.channel.clone(), message }],
        usage: Some(TurnUsage {
            channel: inbound.channel.clone(),
            model: "model".into(),
            input_tokens: 1_000,
            cached_tokens: 900,
            output_tokens: 100,
            took_ms: 1_000,
        }),
    }
}

/// The disk alone, to compare with: 4 KiB appended and synced.
#[divan::bench(sample_count = 500)]
fn sync_of_the_disk(bencher: Bencher) {
    let mut file = tempfile::tempfile().expect("a file");
    let block = [1; 4_096];
    bencher.bench_local(|| file.write_all(&block).and_then(|()| file.sync_data()));
}

/// One durable message on an engine that does nothing else.
#[divan::bench(sample_count = 500)]
fn accept_when_idle(bencher: Bencher) {
    let place = Place::new();
    bencher
        .with_inputs(|| inbound("webhook:1"))
        .bench_values(|entry| place.runtime.block_on(place.ledger.accept(entry)).expect("stored"));
}

/// Durable messages from many tasks, each waiting for its acknowledgement.
#[divan::bench(args = [1, 16, 64, 512], sample_count = 10, sample_size = 1)]
fn accept(bencher: Bencher, tasks: usize) {
    let place = Place::new();
    bencher.counter(ItemsCount::new(MESSAGES)).bench(|| {
        place.run(tasks, |ledger, session| async move {
            for _ in 0..MESSAGES / tasks {
                ledger.accept(inbound(&session)).await.expect("stored");
            }
        });
    });
}

/// Whole ways of messages: accept, claim with history, commit, begin, settle.
#[divan::bench(args = [1, 16, 64], sample_count = 10, sample_size = 1)]
fn whole_way(bencher: Bencher, sessions: usize) {
    let place = Place::new();
    bencher.counter(ItemsCount::new(MESSAGES)).bench(|| {
        place.run(sessions, |ledger, _| async move {
            for _ in 0..MESSAGES / sessions / TURNS {
                let session = new_id();
                for _ in 0..TURNS {
                    way(&*ledger, &session).await;
                }
            }
        });
    });
}

async fn way(ledger: &dyn Ledger, session: &str) {
    ledger.accept(inbound(session)).await.expect("stored");
    let claim = ledger.claim(session).await.expect("read");
    let turn = answer(&claim.expect("it waits").inbound);
    let id = turn.outbound[0].message.delivery_id.clone();
    ledger.commit_turn(turn).await.expect("stored");
    assert!(ledger.begin_delivery(&id).await.expect("stored"));
    let outcome = Settlement::Delivered(Receipt::with_id("1"));
    ledger.settle(&id, outcome).await.expect("stored");
}

/// A claim and its release, with so many entries of history (two of 400 bytes for each turn).
#[divan::bench(args = [0, 50, 200, 1_000], sample_count = 200)]
fn claim_with_history(bencher: Bencher, entries: usize) {
    let place = Place::new();
    let turn = TurnCommit {
        joined: Vec::new(),
        inbound_id: String::new(),
        history: answer(&inbound("a")).history.into_iter().cycle().take(entries).collect(),
        outbound: Vec::new(),
        usage: None,
        session: "a".into(),
    };
    place.runtime.block_on(async {
        place.ledger.commit_turn(turn).await.expect("stored");
        place.ledger.accept(inbound("a")).await.expect("stored");
    });
    let claimed = AtomicUsize::new(0);
    bencher.bench(|| {
        let claim = place.runtime.block_on(async {
            let claim = place.ledger.claim("a").await.expect("read");
            place.ledger.release("a").await.expect("known");
            claim
        });
        claimed.fetch_add(claim.map_or(0, |it| it.history.len()), Ordering::Relaxed)
    });
}
