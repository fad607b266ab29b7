//! What the plugin link costs: `cargo bench -p nanobot-plugin-link`.

use divan::Bencher;
use divan::counter::ItemsCount;
use nanobot_plugin_link::{Peer, link};
use nanobot_protocol::line::{self, Incoming};
use nanobot_protocol::{HostMessage, MessageReceived, MessageReceivedAnswer, PluginMessage};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Requests in one measured run.
const REQUESTS: usize = 2_048;

fn main() {
    divan::main();
}

/// A message whose text has so many bytes.
fn message(bytes: usize) -> MessageReceived {
    let text = "x".repeat(bytes);
    serde_json::from_value(serde_json::json!({
        "event_id": "e1", "chat": {"id": "room", "kind": "group"},
        "sender": {"id": "42", "display_name": "Ada", "is_bot": false}, "text": text,
    }))
    .expect("a valid message")
}

/// Writing a line.
#[divan::bench(args = [100, 4_000, 400_000])]
fn write_line(bencher: Bencher, bytes: usize) {
    let message = message(bytes);
    let length = line::request(1, &message).len();
    bencher.counter(divan::counter::BytesCount::new(length)).bench(|| line::request(1, &message));
}

/// Reading a line, down to the typed message.
#[divan::bench(args = [100, 4_000, 400_000])]
fn read_line(bencher: Bencher, bytes: usize) {
    let line = String::from_utf8(line::request(1, &message(bytes))).expect("JSON is text");
    bencher.counter(divan::counter::BytesCount::new(line.len())).bench(|| {
        let Ok(Incoming::Request { params, .. }) = line::parse(&line) else {
            panic!("it is a request");
        };
        serde_json::from_str::<MessageReceived>(params.get()).expect("it is a message")
    });
}

/// Two ends over pipes of the system; the host's accepts each message at once.
fn plugin_end() -> Peer {
    let (near, far) = tokio::net::UnixStream::pair().expect("a pair of sockets");
    let (read, write) = near.into_split();
    let (host, reader, writer) = link(read, write);
    tokio::spawn(writer.run());
    tokio::spawn(reader.run(move |message: PluginMessage| {
        if let PluginMessage::MessageReceived(id, _) = message {
            host.answer_now(id, Ok(&MessageReceivedAnswer { accepted: true, reason: None }));
        }
    }));
    let (read, write) = far.into_split();
    let (plugin, reader, writer) = link(read, write);
    tokio::spawn(writer.run());
    tokio::spawn(reader.run(|_: HostMessage| {}));
    plugin
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_io()
        .enable_time()
        .build()
        .expect("a runtime")
}

/// Messages and their acknowledgements, so many under way at the same time.
#[divan::bench(args = [1, 16, 64], sample_count = 10, sample_size = 1)]
fn round_trip(bencher: Bencher, tasks: usize) {
    let runtime = runtime();
    let plugin = runtime.block_on(async { plugin_end() });
    bencher.counter(ItemsCount::new(REQUESTS)).bench(|| {
        runtime.block_on(async {
            let mut running = JoinSet::new();
            for _ in 0..tasks {
                let (plugin, message) = (plugin.clone(), message(400));
                running.spawn(async move {
                    for _ in 0..REQUESTS / tasks {
                        let answer = plugin.request(&message).await.expect("an answer");
                        assert!(answer.accepted);
                    }
                });
            }
            while let Some(done) = running.join_next().await {
                done.expect("no request panics");
            }
        });
    });
}
