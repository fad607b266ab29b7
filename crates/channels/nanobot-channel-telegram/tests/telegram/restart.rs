use std::collections::BTreeSet;

use nanobot_test_support::{HoldPoint, Incoming};

use crate::support::Bench;

const CYCLES: usize = 100;

/// Where in its work the channel is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The gateway has been asked and has not stored.
    BeforeStoring,
    /// The gateway has stored and the channel does not know.
    AfterStoring,
    /// The channel has handed over all; the offset may be kept or not.
    AfterHandover,
    /// Telegram has been told.
    AfterConfirming,
}

const MOMENTS: [Moment; 4] =
    [Moment::BeforeStoring, Moment::AfterStoring, Moment::AfterHandover, Moment::AfterConfirming];

fn write(bench: &Bench, cycle: usize, expected: &mut BTreeSet<String>) {
    for chat in [7, 8] {
        let text = format!("cycle {cycle} chat {chat}");
        bench.fake.person_writes(chat, &text);
        expected.insert(text);
    }
    // A file now and then: its download is one more place to be killed in.
    if cycle.is_multiple_of(10) {
        let text = format!("cycle {cycle} photo");
        bench
            .fake
            .receive(Incoming::from_person(9).with_photo("photo").with("caption", text.clone()));
        expected.insert(text);
    }
}

async fn reach(bench: &Bench, moment: Moment, expected: usize) {
    match moment {
        Moment::BeforeStoring | Moment::AfterStoring => {
            bench.gateway.wait_for_hold().await;
        }
        Moment::AfterHandover => {
            bench.gateway.wait_for_messages(expected).await;
        }
        Moment::AfterConfirming => {
            bench.fake.wait_until("all is confirmed", |fake| fake.pending_updates() == 0).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channel_killed_a_hundred_times_loses_nothing_and_hands_over_nothing_twice() {
    let bench = Bench::new().await;
    bench.fake.add_file("photo", "photos/file_1.jpg", b"the photo", 9);
    let mut expected = BTreeSet::new();
    for cycle in 0..CYCLES {
        let moment = MOMENTS[cycle % MOMENTS.len()];
        write(&bench, cycle, &mut expected);
        match moment {
            Moment::BeforeStoring => bench.gateway.hold(HoldPoint::BeforeStoring),
            Moment::AfterStoring => bench.gateway.hold(HoldPoint::AfterStoring),
            Moment::AfterHandover | Moment::AfterConfirming => bench.gateway.let_go(),
        }
        let running = bench.launch(bench.config());
        reach(&bench, moment, expected.len()).await;
        running.kill().await;
    }
    bench.gateway.let_go();
    let running = bench.start().await;
    bench.fake.wait_until("all is confirmed", |fake| fake.pending_updates() == 0).await;
    running.stop().await;

    let texts = bench.gateway.texts();
    let accepted: BTreeSet<String> = texts.iter().cloned().collect();
    assert_eq!(accepted, expected);
    assert_eq!(texts.len(), expected.len(), "a message was accepted twice");
    let duplicates = bench.gateway.state().duplicates.len();
    assert!(duplicates >= CYCLES / 4, "the kills after storing were not felt: {duplicates}");
}

#[tokio::test]
async fn stop_in_mid_batch_leaves_the_rest_for_the_next_start() {
    let bench = Bench::new().await;
    bench.fake.person_writes(7, "one");
    bench.fake.person_writes(7, "two");
    bench.gateway.hold(HoldPoint::AfterStoring);
    let running = bench.launch(bench.config());
    bench.gateway.wait_for_hold().await;
    running.kill().await;
    bench.gateway.let_go();
    let running = bench.start().await;
    bench.gateway.wait_for_messages(2).await;
    assert_eq!(bench.gateway.texts(), ["one", "two"]);
    running.stop().await;
}

#[tokio::test]
async fn kept_offset_is_used_at_the_next_start() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let (update, _) = bench.fake.person_writes(7, "one");
    bench.fake.wait_until("it is confirmed", |fake| fake.pending_updates() == 0).await;
    running.kill().await;
    assert!(bench.state_file("offset.json").unwrap().contains(&format!("{}", update + 1)));
    let before = bench.fake.calls_of("getUpdates").len();
    let running = bench.start().await;
    bench.fake.wait_for_calls("getUpdates", before + 1).await;
    assert_eq!(bench.fake.calls_of("getUpdates")[before].number("offset"), Some(update + 1));
    running.stop().await;
}
