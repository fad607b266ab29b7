//! The session as a host sees it.

use std::time::Duration;

use crate::support::{Probe, ProbeConfig};
use nanobot_plugin::testing::ChannelTest;
use nanobot_plugin::{
    Acceptance, Attachment, ChannelError, ChannelState, ErrorKind, InboundMessage, LoginPrompt,
    Publication, Receipt,
};

#[tokio::test]
async fn a_message_goes_in_and_its_answer_goes_out() {
    let (probe, mut test) = Probe::start().await;
    let message = InboundMessage::new("ada", "room", "Hi").with_event_id("e1");
    let accepted = probe.offer(message.clone()).await.unwrap();
    assert_eq!(accepted, Acceptance::Accepted);
    assert_eq!(test.receive().await, message);
    assert_eq!(test.status().await.state, ChannelState::Connected);
    assert_eq!(test.send("room", "Hello!").await.unwrap(), Receipt::with_id("1"));
    assert_eq!(probe.sent(), ["room: Hello!"]);
    assert_eq!(test.shutdown().await, 0);
}

#[tokio::test]
async fn every_answer_of_the_gateway_reaches_the_channel() {
    let (probe, test) = Probe::start().await;
    let offer = || probe.offer(InboundMessage::new("ada", "ada", "Hi"));
    for acceptance in [Acceptance::Denied, Acceptance::Duplicate, Acceptance::Accepted] {
        test.answer_with(Ok(acceptance));
        assert_eq!(offer().await.unwrap(), acceptance);
    }
    let busy = ChannelError::new(ErrorKind::Overloaded, "the gateway is busy");
    test.answer_with(Err(busy.with_retry_after(Duration::from_millis(1500))));
    let error = offer().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(error.retry_after(), Some(Duration::from_millis(1500)));
}

#[tokio::test]
async fn a_sender_is_checked_before_its_message() {
    let (probe, test) = Probe::start().await;
    assert!(probe.is_allowed("ada").await);
    test.answer_with(Ok(Acceptance::Denied));
    assert!(!probe.is_allowed("ada").await);
}

#[tokio::test]
async fn the_words_of_a_recording_are_asked_of_the_gateway() {
    let (probe, test) = Probe::start().await;
    let cx = probe.context().await;
    assert!(cx.offers().transcription);
    let voice = cx.media_dir.join("voice.ogg");
    test.transcribe_as(&voice, "Buy milk");
    assert_eq!(cx.transcribe_audio(&voice).await.unwrap(), "Buy milk");
    let error = cx.transcribe_audio(&cx.media_dir.join("other.ogg")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn a_message_for_another_channel_is_handed_to_the_gateway() {
    let (probe, test) = Probe::start().await;
    let cx = probe.context().await;
    let message = Publication {
        attachments: vec![Attachment::from_url("https://example.org/a.png")],
        ..Publication::new("telegram", "42", "Somebody rang.")
    };
    cx.publish(message.clone()).await.unwrap();
    assert_eq!(test.take_published(), [message]);
}

#[tokio::test]
async fn a_message_that_fits_into_no_line_is_rejected_and_the_next_is_not() {
    let (probe, _test) = Probe::start().await;
    let text = "a".repeat(5 * 1024 * 1024);
    let error = probe.offer(InboundMessage::new("ada", "ada", text)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    probe.offer(InboundMessage::new("ada", "ada", "Hi")).await.unwrap();
}

#[tokio::test]
async fn a_repeated_delivery_is_answered_with_the_first_receipt() {
    let (probe, test) = Probe::start().await;
    let message = test.message("room", "once");
    let first = test.deliver(message.clone()).await.unwrap();
    assert_eq!(test.deliver(message).await.unwrap(), first);
    assert_eq!(probe.sent(), ["room: once"]);
}

#[tokio::test]
async fn a_delivery_repeated_while_it_runs_is_sent_once() {
    let (probe, test) = Probe::start().await;
    let message = test.message("room", "wait");
    let first = test.deliver(message.clone());
    let second = test.deliver(message);
    let open = async {
        probe.waiting(1).await;
        probe.open_gate();
    };
    let (first, second, ()) = tokio::join!(first, second, open);
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(probe.sent(), ["room: wait"]);
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_under_its_id() {
    let (probe, test) = Probe::start().await;
    let mut message = test.message("room", "fail");
    let error = test.deliver(message.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(error.hint(), Some("write less"));
    message.text = "again".into();
    test.deliver(message).await.unwrap();
    assert_eq!(probe.sent(), ["room: again"]);
}

#[tokio::test]
async fn a_panic_in_send_fails_that_delivery_only() {
    let (_probe, test) = Probe::start().await;
    let error = test.send("room", "panic").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(error.report(), "send panicked: asked to");
    test.send("room", "fine").await.unwrap();
    assert_eq!(test.shutdown().await, 0);
}

#[tokio::test]
async fn a_slow_chat_does_not_delay_another() {
    let (probe, test) = Probe::start().await;
    let slow = test.send("slow", "wait");
    let fast = async {
        probe.waiting(1).await;
        test.send("fast", "fine").await.unwrap();
        probe.open_gate();
    };
    let (slow, ()) = tokio::join!(slow, fast);
    slow.unwrap();
    assert_eq!(probe.sent(), ["fast: fine", "slow: wait"]);
}

#[tokio::test]
async fn an_end_of_run_is_reported_and_fails_the_process() {
    for (word, state, text) in [
        ("return", ChannelState::Failed, "run returned before it was stopped"),
        ("auth", ChannelState::LoginRequired, "the token was revoked"),
        ("auth after cancel", ChannelState::LoginRequired, "the token was revoked"),
        ("panic", ChannelState::Failed, "run panicked: asked to"),
    ] {
        let (probe, mut test) = Probe::start().await;
        probe.end_run(word);
        let status = test.status().await;
        assert_eq!((status.state, status.message.as_deref()), (state, Some(text)));
        assert_eq!(test.ended().await, 1);
    }
}

#[tokio::test]
async fn shutdown_waits_for_deliveries_under_way() {
    let (probe, test) = Probe::start().await;
    let message = test.message("room", "wait");
    let (peer, delivery) = (test.link(), test.deliver(message));
    let stop = async {
        probe.waiting(1).await;
        let stopping = tokio::spawn(crate::support::shutdown(peer, 5000));
        probe.stopped().await;
        assert!(!stopping.is_finished());
        probe.open_gate();
        stopping.await.unwrap();
    };
    let (receipt, ()) = tokio::join!(delivery, stop);
    receipt.unwrap();
}

#[tokio::test(start_paused = true)]
async fn shutdown_is_answered_within_the_grace_though_a_delivery_hangs() {
    let (probe, test) = Probe::start().await;
    let begin = tokio::time::Instant::now();
    let delivery = test.send("room", "wait");
    let stop = async {
        probe.waiting(1).await;
        crate::support::shutdown(test.link(), 2000).await;
        assert!(begin.elapsed() < Duration::from_secs(2));
        test.link().close();
    };
    let (sent, ()) = tokio::join!(delivery, stop);
    sent.unwrap_err();
    assert_eq!(test.ended().await, 0);
    assert!(begin.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn wrong_config_is_refused_with_its_key() {
    let section = serde_json::json!({"name": 7});
    let Err(error) = ChannelTest::try_start::<ProbeConfig>(section).await else {
        panic!("a number is no name")
    };
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.report().starts_with("channels.probe.name is not valid"), "{error}");
}

#[tokio::test]
async fn login_shows_prompts_and_asks() {
    let section = serde_json::json!({});
    let report = ChannelTest::login::<ProbeConfig>(section.clone(), true, &["1234"]).await;
    assert!(report.result.unwrap());
    let qr =
        LoginPrompt::Qr { data: "force true".into(), expires_in: Some(Duration::from_secs(60)) };
    assert_eq!(report.prompts, [qr, LoginPrompt::Message("got 1234".into())]);

    let report = ChannelTest::login::<ProbeConfig>(section, false, &[]).await;
    assert_eq!(report.result.unwrap_err().kind(), ErrorKind::Cancelled);
}
