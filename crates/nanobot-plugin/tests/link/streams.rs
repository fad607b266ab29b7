//! Streams as a host sees them.

use crate::support::{Probe, Step};
use nanobot_plugin::{ErrorKind, Receipt};

fn step(text: &str, piece: &str) -> Step {
    Step { text: text.into(), piece: piece.into(), is_end: false }
}

fn end(text: &str, piece: &str) -> Step {
    Step { is_end: true, ..step(text, piece) }
}

#[tokio::test]
async fn each_step_carries_the_text_so_far_and_the_new_piece() {
    let (probe, test) = Probe::start().await;
    let mut stream = test.open_stream("room").await;
    for piece in ["Hel", "lo", "!"] {
        stream.delta(piece).await;
        stream.acked().await.unwrap();
    }
    assert_eq!(stream.end().await.unwrap(), Receipt::with_id("streamed"));
    let expected =
        [step("Hel", "Hel"), step("Hello", "lo"), step("Hello!", "!"), end("Hello!", "")];
    assert_eq!(probe.steps(), expected);
}

#[tokio::test]
async fn deltas_are_joined_while_the_channel_is_busy() {
    let (probe, test) = Probe::start().await;
    let mut stream = test.open_stream("room").await;
    stream.delta("wait").await;
    probe.waiting(1).await;
    for piece in [" a", " b", " c"] {
        stream.delta(piece).await;
    }
    // The link is in order: an answered request is behind the deltas.
    test.send("other", "fine").await.unwrap();
    probe.open_gate();
    stream.acked().await.unwrap();
    stream.end().await.unwrap();
    let expected = [step("wait", "wait"), step("wait a b c", " a b c"), end("wait a b c", "")];
    assert_eq!(probe.steps(), expected);
}

#[tokio::test]
async fn an_end_carries_what_was_not_shown_yet() {
    let (probe, test) = Probe::start().await;
    let mut stream = test.open_stream("room").await;
    stream.delta("wait").await;
    probe.waiting(1).await;
    stream.delta(" a").await;
    let ended = stream.end();
    let open = async {
        test.send("other", "fine").await.unwrap();
        probe.open_gate();
    };
    let (ended, ()) = tokio::join!(ended, open);
    ended.unwrap();
    assert_eq!(probe.steps(), [step("wait", "wait"), end("wait a", " a")]);
}

#[tokio::test]
async fn a_failed_delta_is_acked_with_its_error_and_the_stream_goes_on() {
    let (_probe, test) = Probe::start().await;
    let mut stream = test.open_stream("room").await;
    for (piece, kind) in [("fail", ErrorKind::RateLimited), ("panic", ErrorKind::Internal)] {
        stream.delta(piece).await;
        assert_eq!(stream.acked().await.unwrap_err().kind(), kind);
    }
    stream.end().await.unwrap();
}

#[tokio::test]
async fn a_stream_without_deltas_is_delivered_at_its_end() {
    let (probe, test) = Probe::start().await;
    test.stream("room", &[]).await.unwrap();
    assert_eq!(probe.steps(), [end("", "")]);
}

#[tokio::test]
async fn two_streams_do_not_wait_for_each_other() {
    let (probe, test) = Probe::start().await;
    let mut slow = test.open_stream("slow").await;
    slow.delta("wait").await;
    probe.waiting(1).await;
    test.stream("fast", &["a", "b"]).await.unwrap();
    probe.open_gate();
    slow.end().await.unwrap();
}

#[tokio::test]
async fn end_of_an_unknown_stream_is_invalid_and_its_deltas_are_ignored() {
    let (probe, test) = Probe::start().await;
    let (kind, steps) = crate::support::unknown_stream(&test.link(), &probe).await;
    assert_eq!((kind, steps), (ErrorKind::Invalid, 0));
}

#[tokio::test]
async fn a_repeated_delivery_of_a_streamed_message_gets_the_stream_s_receipt() {
    let (probe, test) = Probe::start().await;
    let mut stream = test.open_stream("room").await;
    stream.delta("Hi").await;
    stream.end().await.unwrap();
    let mut message = test.message("room", "Hi");
    message.delivery_id = "delivery-of-stream-1".into();
    assert_eq!(test.deliver(message).await.unwrap(), Receipt::with_id("streamed"));
    assert!(probe.sent().is_empty());
}
