//! What joining the deltas of an answer costs: `cargo bench -p nanobot-gateway`.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use nanobot_channel::{Metadata, OutboundKind, OutboundMessage, StreamEnd, StreamOutcome};
use tokio::runtime::Runtime;

#[path = "../src/delivery/stream.rs"]
#[expect(dead_code, unreachable_pub, reason = "the file belongs to the library")]
mod stream;

use stream::StreamHandle;

const DELTA: &str = " lazy";

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime")
}

fn message() -> OutboundMessage {
    OutboundMessage {
        delivery_id: "d".into(),
        chat_id: "c".into(),
        thread_id: None,
        text: String::new(),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: Metadata::new(),
    }
}

fn end(handle: StreamHandle) {
    let text = handle.text();
    handle.end(text, StreamEnd { outcome: StreamOutcome::Complete, continues: false });
}

/// A channel that is busy all the time: everything is joined into one.
#[divan::bench(args = [200, 5_000])]
fn all_joined(bencher: Bencher, deltas: usize) {
    let runtime = runtime();
    bencher.counter(ItemsCount::new(deltas)).bench_local(|| {
        let (handle, buffer) = StreamHandle::open(String::new(), message());
        for _ in 0..deltas {
            handle.push(DELTA);
        }
        end(handle);
        let mut text = String::new();
        runtime.block_on(buffer.read_end(&mut text));
        assert_eq!(text.len(), deltas * DELTA.len());
    });
}

/// A channel that is faster than the model: each delta is taken alone.
#[divan::bench(args = [200, 5_000])]
fn none_joined(bencher: Bencher, deltas: usize) {
    let runtime = runtime();
    bencher.counter(ItemsCount::new(deltas)).bench_local(|| {
        let (handle, buffer) = StreamHandle::open(String::new(), message());
        let mut text = String::new();
        runtime.block_on(async {
            for _ in 0..deltas {
                handle.push(DELTA);
                assert!(buffer.read_more(&mut text).await.is_none());
            }
            end(handle);
            buffer.read_end(&mut text).await;
        });
        assert_eq!(text.len(), deltas * DELTA.len());
    });
}

/// A writer and a reader that take turns as the runtime lets them.
#[divan::bench(args = [200, 5_000])]
fn as_it_comes(bencher: Bencher, deltas: usize) {
    let runtime = runtime();
    bencher.counter(ItemsCount::new(deltas)).bench_local(|| {
        let (handle, buffer) = StreamHandle::open(String::new(), message());
        runtime.block_on(async {
            let reading = tokio::spawn(async move {
                let mut text = String::new();
                Arc::clone(&buffer).read_end(&mut text).await;
                text
            });
            for _ in 0..deltas {
                handle.push(DELTA);
                tokio::task::yield_now().await;
            }
            end(handle);
            assert_eq!(reading.await.expect("no panic").len(), deltas * DELTA.len());
        });
    });
}
