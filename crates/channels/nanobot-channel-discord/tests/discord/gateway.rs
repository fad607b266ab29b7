use nanobot_channel::{ChannelState, ErrorKind};
use nanobot_channel_discord::DiscordConfig;
use nanobot_test_support::{DiscordMischief, FakeDiscordOptions};

use crate::support::{Bench, CHAT};

/// Writes after a reconnect and sees that nothing is lost or doubled.
async fn check_that_messages_flow(bench: &Bench, expected: &[&str]) {
    bench.fake.person_writes(CHAT, "after");
    bench.gateway.wait_for_messages(expected.len()).await;
    assert_eq!(bench.gateway.texts(), expected);
    assert!(bench.gateway.state().duplicates.is_empty());
}

#[tokio::test]
async fn account_is_told_once_the_bot_is_connected() {
    let bench = Bench::new().await;
    let running = bench.start().await;
    let status = bench.gateway.wait_for_state(ChannelState::Connected).await;
    let account = status.account.unwrap();
    assert_eq!((account.id.as_str(), account.display_name.as_deref()), ("99", Some("@nano")));
    running.stop().await;
}

#[tokio::test]
async fn cut_connection_is_resumed_with_what_was_missed() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.person_writes(CHAT, "before");
    bench.gateway.wait_for_messages(1).await;
    bench.fake.cut();
    bench.fake.person_writes(CHAT, "meanwhile");
    bench.gateway.wait_for_messages(2).await;
    assert_eq!((bench.fake.identifies(), bench.fake.resumes()), (1, 1));
    check_that_messages_flow(&bench, &["before", "meanwhile", "after"]).await;
    running.stop().await;
}

#[tokio::test]
async fn reconnect_that_is_asked_for_resumes_at_once_and_is_no_failure() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.ask_for_reconnect();
    bench.fake.wait_until("the session is resumed", |fake| fake.resumes() == 1).await;
    check_that_messages_flow(&bench, &["after"]).await;
    let statuses = bench.gateway.state().statuses.clone();
    assert!(statuses.iter().all(|status| status.state != ChannelState::Retrying));
    running.stop().await;
}

#[tokio::test]
async fn invalid_session_that_may_be_resumed_is_resumed() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.invalidate_session(true);
    bench.fake.wait_until("the session is resumed", |fake| fake.resumes() == 1).await;
    check_that_messages_flow(&bench, &["after"]).await;
    running.stop().await;
}

#[tokio::test]
async fn invalid_session_that_is_gone_begins_anew_and_reads_what_was_missed() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.person_writes(CHAT, "before");
    bench.gateway.wait_for_messages(1).await;
    bench.fake.invalidate_session(false);
    bench.fake.person_writes(CHAT, "meanwhile");
    bench.gateway.wait_for_messages(2).await;
    assert_eq!((bench.fake.identifies(), bench.fake.resumes()), (2, 0));
    check_that_messages_flow(&bench, &["before", "meanwhile", "after"]).await;
    running.stop().await;
}

#[tokio::test]
async fn close_code_that_ends_the_session_begins_a_new_one() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    bench.fake.close(4009);
    bench.fake.wait_until("a new session", |fake| fake.identifies() == 2).await;
    assert_eq!(bench.fake.resumes(), 0);
    check_that_messages_flow(&bench, &["after"]).await;
    running.stop().await;
}

#[tokio::test]
async fn connection_that_does_not_answer_heartbeats_is_left() {
    let options = FakeDiscordOptions { heartbeat_interval_ms: 100, ..Default::default() };
    let (bench, running) = Bench::with_chat(options).await;
    bench.fake.stop_answering_heartbeats();
    bench.fake.wait_until("the session is resumed", |fake| fake.resumes() == 1).await;
    let status = bench.gateway.wait_for_state(ChannelState::Retrying).await;
    assert_eq!(status.message.as_deref(), Some("discord did not answer a heartbeat"));
    check_that_messages_flow(&bench, &["after"]).await;
    running.stop().await;
}

#[tokio::test]
async fn heartbeat_that_is_asked_for_is_given_at_once() {
    let (bench, running) = Bench::with_chat(FakeDiscordOptions::default()).await;
    let before = bench.fake.heartbeats();
    bench.fake.ask_for_heartbeat();
    bench.fake.wait_until("a heartbeat", |fake| fake.heartbeats() > before).await;
    running.stop().await;
}

#[tokio::test]
async fn wrong_token_is_told_with_the_fix_by_both_doors() {
    let bench = Bench::new().await;
    let config = DiscordConfig { token: "wrong".into(), ..bench.config() };
    let error = bench.launch(config).gives_up().await;
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.hint().unwrap().contains("Reset Token"));

    let options = FakeDiscordOptions { close_code: Some(4004), ..Default::default() };
    let bench = Bench::with(options).await;
    let error = bench.launch(bench.config()).gives_up().await;
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(bench.fake.identifies(), 0);
}

#[tokio::test]
async fn missing_intent_is_told_with_its_switch() {
    let options = FakeDiscordOptions { close_code: Some(4014), ..Default::default() };
    let bench = Bench::with(options).await;
    let error = bench.launch(bench.config()).gives_up().await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.hint().unwrap().contains("switch on: Message Content Intent;"), "{error:?}");
}

#[tokio::test]
async fn discord_that_is_away_at_the_start_is_waited_for() {
    let bench = Bench::new().await;
    bench.fake.misbehave("gateway", DiscordMischief::Status(503));
    bench.fake.misbehave("gateway", DiscordMischief::CutBefore);
    let running = bench.start().await;
    assert_eq!(bench.fake.calls_of("gateway").len(), 3);
    bench.gateway.wait_for_state(ChannelState::Retrying).await;
    running.stop().await;
}

#[tokio::test]
async fn no_session_is_begun_while_discord_allows_none() {
    let bench = Bench::new().await;
    bench.fake.set_sessions_left(0, 60_000);
    let running = bench.launch(bench.config());
    let status = bench.gateway.wait_for_state(ChannelState::Retrying).await;
    assert_eq!(status.retry_in, Some(std::time::Duration::from_secs(60)));
    assert_eq!(bench.fake.identifies(), 0);
    running.stop().await;
}
