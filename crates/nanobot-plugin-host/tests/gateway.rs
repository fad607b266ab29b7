//! What a whole gateway makes of deliveries to plugins that break the rules, while the messages of
//! another channel go on.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

#[path = "fixtures/misbehaviour.rs"]
#[expect(dead_code, reason = "only some of them concern deliveries")]
mod misbehaviour;
mod support;
#[path = "gateway/world.rs"]
mod world;

use misbehaviour::Misbehaviour;
use nanobot_channel::ErrorKind;
use nanobot_gateway::status::State;
use nanobot_plugin_host::Timeouts;
use support::{patient, within_test_time};
use world::{Event, SHORT, Step, short_calls, world};

#[tokio::test]
async fn a_slow_plugin_is_waited_for() {
    within_test_time(async {
        let mut world = world(Misbehaviour::SlowSend, false, patient()).await;
        assert_eq!(world.bad.ended(Step::Send).await, Ok(()));
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_send_that_hangs_holds_up_no_other_channel_and_is_tried_again() {
    within_test_time(async {
        let mut world = world(Misbehaviour::NeverAnswersSend, false, short_calls()).await;
        for _ in 0..2 {
            assert_eq!(world.bad.ended(Step::Send).await, Err(ErrorKind::Network));
            world.other_goes_on().await;
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_send_that_hangs_for_ever_holds_up_no_other_channel() {
    within_test_time(async {
        let mut world = world(Misbehaviour::NeverAnswersSend, false, patient()).await;
        for _ in 0..10 {
            world.other_goes_on().await;
        }
        assert!(world.bad.events.try_recv().is_err(), "it still hangs");
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_end_that_is_never_answered_is_repaired_by_the_whole_text() {
    within_test_time(async {
        let mut world = world(Misbehaviour::NeverAnswersEnd, true, short_calls()).await;
        assert_eq!(world.bad.ended(Step::End).await, Err(ErrorKind::Network));
        assert_eq!(world.bad.ended(Step::Send).await, Ok(()));
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn steps_that_are_never_acknowledged_leave_the_end_to_tell_the_text() {
    within_test_time(async {
        let mut world = world(Misbehaviour::NeverAcksDeltas, true, short_calls()).await;
        assert_eq!(world.bad.ended(Step::Delta).await, Err(ErrorKind::Network));
        assert_eq!(world.bad.ended(Step::End).await, Ok(()));
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_comes_twice_counts_once() {
    within_test_time(async {
        for streams in [false, true] {
            let mut world = world(Misbehaviour::AnswersTwice, streams, patient()).await;
            let last = if streams { Step::End } else { Step::Send };
            assert_eq!(world.bad.ended(last).await, Ok(()));
            world.other_goes_on().await;
            assert!(world.bad.events.try_recv().is_err(), "nothing is delivered again");
            world.stop().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_crash_in_mid_stream_ends_the_stream_once_and_the_whole_text_follows() {
    within_test_time(async {
        let mut world = world(Misbehaviour::CrashInMidStream, true, short_calls()).await;
        let mut ends = 0;
        loop {
            match world.bad.next().await {
                Event::Ended(Step::End, result) => {
                    assert_eq!(result, Err(ErrorKind::NotReady));
                    ends += 1;
                }
                Event::Ended(Step::Send, Ok(())) => break,
                _ => {}
            }
        }
        assert_eq!(ends, 1);
        assert_eq!(world.gateway.status().snapshot()["fixture"].restarts, 1);
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_plugin_that_crashes_at_each_delivery_is_retried_and_harms_nobody() {
    within_test_time(async {
        let mut world = world(Misbehaviour::CrashDuringSend, false, short_calls()).await;
        for _ in 0..2 {
            assert_eq!(world.bad.reached(Step::Send).await, Err(ErrorKind::Network));
            world.gateway.status().wait_for("fixture", State::Retrying).await;
            world.other_goes_on().await;
        }
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_plugin_that_hangs_is_replaced_and_harms_nobody() {
    within_test_time(async {
        let timeouts = Timeouts { quiet: SHORT, ping: SHORT, ..short_calls() };
        let mut world = world(Misbehaviour::Hangs, false, timeouts).await;
        assert_eq!(world.bad.ended(Step::Send).await, Err(ErrorKind::Network));
        world.gateway.status().wait_for("fixture", State::Retrying).await;
        world.stop().await;
    })
    .await;
}

#[tokio::test]
async fn garbage_and_floods_between_the_lines_lose_no_delivery() {
    use Misbehaviour as M;
    within_test_time(async {
        for misbehaviour in [M::GarbageLines, M::BinaryJunk, M::StderrFlood, M::StdoutFlood] {
            let mut world = world(misbehaviour, true, patient()).await;
            assert_eq!(world.bad.ended(Step::End).await, Ok(()), "{misbehaviour:?}");
            world.stop().await;
        }
    })
    .await;
}
