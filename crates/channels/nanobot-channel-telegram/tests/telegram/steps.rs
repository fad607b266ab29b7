//! Streamed answers in one private chat, step by step.

use nanobot_channel::{ChannelError, Delta, Metadata, Receipt, StreamEnd, StreamOutcome};
use nanobot_test_support::{RunningChannel, delta};

use crate::support::Bench;

pub(crate) const PERSON: i64 = 7;
pub(crate) const END: StreamEnd = StreamEnd { outcome: StreamOutcome::Complete, continues: false };

pub(crate) async fn step(
    running: &RunningChannel,
    delivery: &str,
    text: &str,
    end: Option<StreamEnd>,
) -> Result<Receipt, ChannelError> {
    answer_step(running, delivery, text, end, &Metadata::new()).await
}

/// A step of an answer to the message that the metadata name.
pub(crate) async fn answer_step(
    running: &RunningChannel,
    delivery: &str,
    text: &str,
    end: Option<StreamEnd>,
    metadata: &Metadata,
) -> Result<Receipt, ChannelError> {
    let chat = PERSON.to_string();
    running.channel.send_delta(Delta { end, ..delta(delivery, &chat, text, metadata) }).await
}

pub(crate) async fn bench_with_chat() -> (Bench, RunningChannel) {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    let running = bench.start().await;
    (bench, running)
}

pub(crate) fn texts(bench: &Bench) -> Vec<String> {
    bench.fake.shown(PERSON).into_iter().map(|message| message.text).collect()
}
