//! What the gateway says without being asked.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Call, Played, Stage, Started, played, send, settings};
use nanobot_channel::{Acceptance, ChannelError, ChannelState, InboundMessage, OutboundKind};
use nanobot_gateway::Settings;
use nanobot_gateway::notify::{Announcement, ChatTarget, NotifySettings};
use nanobot_gateway::status::State;
use nanobot_ledger::{Ledger, MemoryLedger};

fn target(channel: &str) -> ChatTarget {
    ChatTarget { channel: channel.into(), chat_id: "owner".into(), thread_id: None }
}

fn telling(owner: &[&str]) -> Settings {
    let owner = owner.iter().map(|channel| target(channel)).collect();
    Settings { notify: NotifySettings { owner, ..NotifySettings::default() }, ..settings() }
}

/// A gateway with the channels `bad` and `good`, both connected.
struct Two {
    stage: Stage,
    ledger: Arc<MemoryLedger>,
    bad: Played,
    good: Played,
    bad_run: Started,
    good_run: Started,
}

async fn two(owner: &[&str]) -> Two {
    let ((bad_spec, mut bad), (good_spec, mut good)) =
        (played("bad", false), played("good", false));
    let ledger = Arc::new(MemoryLedger::default());
    let stage = Stage::with(vec![bad_spec, good_spec], telling(owner), ledger.clone()).await;
    let (bad_run, good_run) = (bad.started().await, good.started().await);
    bad_run.cx.connected();
    good_run.cx.connected();
    Two { stage, ledger, bad, good, bad_run, good_run }
}

/// Waits for the slow retry of a channel that needs a person.
async fn slow_retry(played: &mut Played) -> Started {
    tokio::time::sleep(Duration::from_secs(301)).await;
    played.started().await
}

#[track_caller]
fn text(call: Call) -> String {
    match call {
        Call::Send { chat, text, .. } if chat == "owner" => text,
        other => panic!("the owner is told, not {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn owner_is_told_once_of_a_channel_that_needs_a_login_and_once_when_it_is_well() {
    let mut two = two(&["bad", "good"]).await;
    two.bad_run.end(Err(ChannelError::auth("the token was revoked")));
    let expected = "⚠️ The channel bad needs a login: the token was revoked. \
        Log in with `nanobot channels login bad`.";
    assert_eq!(text(two.good.succeed().await), expected);
    // The slow retry after five minutes fails in the same way: that is no news.
    let again = slow_retry(&mut two.bad).await;
    again.end(Err(ChannelError::auth("the token was revoked")));
    let well = slow_retry(&mut two.bad).await;
    well.cx.connected();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let said = text(two.good.succeed().await);
    assert_eq!(said, "✅ The channel bad works again after 10 min 2 s.");
}

#[tokio::test(start_paused = true)]
async fn channel_that_stays_away_is_told_of_after_the_settable_time() {
    let (spec, mut played_bad) = played("bad", false);
    let (good_spec, mut good) = played("good", false);
    let mut settings = telling(&["good"]);
    settings.notify.down_after = Duration::from_secs(42);
    let ledger = Arc::new(MemoryLedger::default());
    let _stage = Stage::with(vec![spec, good_spec], settings, ledger).await;
    let before = tokio::time::Instant::now();
    let _bad = played_bad.started().await;
    good.started().await.cx.connected();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let said = text(good.succeed().await);
    assert_eq!(said, "⚠️ The channel bad has been away for 42 s. nanobot keeps trying.");
    assert_eq!(before.elapsed().as_secs(), 42);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_said_through_the_channel_that_failed() {
    let mut two = two(&["bad"]).await;
    two.bad_run.end(Err(ChannelError::auth("the token was revoked")));
    two.stage.gateway.status().wait_for("bad", State::LoginRequired).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(two.ledger.waiting_deliveries().await.unwrap(), []);
    // That it works again can be said through it.
    slow_retry(&mut two.bad).await.cx.connected();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(text(two.bad.succeed().await).contains("works again"));
}

#[tokio::test(start_paused = true)]
async fn notice_waits_in_the_ledger_while_no_other_channel_is_healthy() {
    let mut two = two(&["good"]).await;
    two.good_run.end(Err(ChannelError::network("no network")));
    two.stage.gateway.status().wait_for("good", State::Retrying).await;
    two.bad_run.end(Err(ChannelError::auth("the token was revoked")));
    two.stage.gateway.status().wait_for("bad", State::LoginRequired).await;
    let waiting = loop {
        let mut waiting = two.ledger.waiting_deliveries().await.unwrap();
        if let Some(one) = waiting.pop() {
            break one.entry;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((waiting.channel.as_str(), waiting.message.kind), ("good", OutboundKind::Notice));
    assert_eq!(two.ledger.sessions(nanobot_ledger::SessionPage::default()).await.unwrap(), []);
    two.good.started().await.cx.connected();
    assert!(text(two.good.succeed().await).starts_with("⚠️ The channel bad needs a login"));
}

#[tokio::test(start_paused = true)]
async fn channels_that_end_with_the_gateway_are_no_news() {
    let mut two = two(&["good"]).await;
    let stopping = tokio::spawn(two.stage.gateway.shutdown());
    assert_eq!(two.good.call().await.call, Call::Stopped);
    stopping.await.unwrap();
    assert_eq!(two.ledger.waiting_deliveries().await.unwrap(), []);
}

fn saying(text: &str, channels: &[&str]) -> Option<Announcement> {
    let to = channels.iter().map(|channel| target(channel)).collect();
    Some(Announcement { text: text.into(), to })
}

#[tokio::test(start_paused = true)]
async fn start_is_told_only_when_the_channel_is_connected_and_the_stop_before_it_stops() {
    let (spec, mut played) = played("hook", false);
    let mut settings = telling(&[]);
    settings.notify.on_start = saying("Good morning!", &["hook"]);
    settings.notify.on_stop = saying("Good night!", &["hook"]);
    let stage = Stage::with(vec![spec], settings, Arc::new(MemoryLedger::default())).await;
    let channel = played.started().await;
    channel.cx.report(ChannelState::Retrying);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(played.calls.try_recv().is_err(), "said before the channel was connected");
    channel.cx.connected();
    assert_eq!(played.succeed().await, send("owner", "Good morning!", 1));
    let stopping = tokio::spawn(stage.gateway.shutdown());
    assert_eq!(played.succeed().await, send("owner", "Good night!", 1));
    assert_eq!(played.call().await.call, Call::Stopped);
    stopping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn stop_notice_that_nobody_takes_is_not_waited_for_longer_than_the_grace() {
    let (spec, mut played) = played("hook", false);
    let mut settings = telling(&[]);
    settings.notify.on_stop = saying("Good night!", &["hook"]);
    let ledger = Arc::new(MemoryLedger::default());
    let stage = Stage::with(vec![spec], settings, ledger.clone()).await;
    let channel = played.started().await;
    channel.cx.connected();
    let before = tokio::time::Instant::now();
    let stopping = tokio::spawn(stage.gateway.shutdown());
    let _unanswered = played.call().await;
    stopping.await.unwrap();
    assert_eq!(before.elapsed(), Duration::from_secs(5));
    assert_eq!(ledger.waiting_deliveries().await.unwrap(), []);
}

fn asking(text: &str) -> InboundMessage {
    InboundMessage {
        thread_id: Some("t7".into()),
        ..InboundMessage::new("ada", "c1", text).with_event_id("e1").with_metadata("m", 1)
    }
}

#[tokio::test(start_paused = true)]
async fn restart_is_said_to_be_done_once_the_channel_of_the_chat_is_connected() {
    let ledger = Arc::new(MemoryLedger::default());
    let (spec, mut hook) = played("hook", false);
    let stage = Stage::with(vec![spec], settings(), ledger.clone()).await;
    let channel = hook.started().await;
    let requested = stage.gateway.restart_requested();
    assert_eq!(channel.cx.handle_message(asking("/restart")).await.unwrap(), Acceptance::Accepted);
    requested.cancelled().await;
    let stopping = tokio::spawn(stage.gateway.shutdown());
    assert_eq!(hook.succeed().await, send("c1", "Restarting…", 1));
    assert_eq!(hook.call().await.call, Call::Stopped);
    stopping.await.unwrap();

    let (spec, mut hook) = played("hook", false);
    let stage = Stage::with(vec![spec], settings(), ledger.clone()).await;
    let channel = hook.started().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(hook.calls.try_recv().is_err(), "said before the channel was connected");
    let promised = ledger.waiting_deliveries().await.unwrap().remove(0).entry.message;
    assert_eq!((promised.thread_id.as_deref(), &promised.metadata["m"]), (Some("t7"), &1.into()));
    channel.cx.connected();
    let Call::Send { text, .. } = hook.succeed().await else { panic!("a notice is sent") };
    assert!(text.starts_with("Restart completed in ") && text.ends_with(" s."), "{text}");

    // The platform offers the same message again.
    assert_eq!(channel.cx.handle_message(asking("/restart")).await.unwrap(), Acceptance::Duplicate);
    assert!(!stage.gateway.restart_requested().is_cancelled());
    while !ledger.waiting_deliveries().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn strangers_cannot_restart_the_gateway() {
    let (spec, mut played) = played("hook", false);
    let stage = Stage::new(vec![spec]).await;
    let channel = played.started().await;
    let stranger = InboundMessage::new("mallory", "c1", "/restart");
    assert_eq!(channel.cx.handle_message(stranger).await.unwrap(), Acceptance::Denied);
    assert!(!stage.gateway.restart_requested().is_cancelled());
}

#[tokio::test]
async fn restart_can_be_switched_off() {
    let (spec, mut played) = played("hook", false);
    let settings = Settings { restart_command: false, ..settings() };
    let ledger = Arc::new(MemoryLedger::default());
    let stage = Stage::with(vec![spec], settings, ledger.clone()).await;
    let channel = played.started().await;
    channel.receive("c1", "/restart").await.unwrap();
    assert_eq!(played.succeed().await, send("c1", "`/restart` is switched off here.", 1));
    assert!(!stage.gateway.restart_requested().is_cancelled());
    assert_eq!(ledger.waiting_deliveries().await.unwrap(), []);
}

#[tokio::test]
async fn restart_that_a_crash_cut_short_is_answered_and_not_given_to_the_model() {
    let ledger = Arc::new(MemoryLedger::default());
    let entry = nanobot_ledger::InboundEntry {
        id: nanobot_ledger::new_id(),
        channel: "hook".into(),
        session: "restart:1".into(),
        received_ms: 1,
        message: asking("/restart"),
    };
    ledger.accept(entry).await.unwrap();
    let (spec, mut played) = played("hook", false);
    let mut stage = Stage::with(vec![spec], settings(), ledger).await;
    let channel = played.started().await;
    channel.cx.connected();
    assert_eq!(played.succeed().await, send("c1", "Restart completed.", 1));
    assert!(stage.questions.try_recv().is_err());
}
