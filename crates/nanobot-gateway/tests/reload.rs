//! Channels, rules and agents that change while the gateway runs.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::{Call, Stage, played, played_agent, send};
use nanobot_channel::{Acceptance, ChannelError, ErrorKind, InboundMessage};
use nanobot_gateway::status::State;
use nanobot_gateway::{Applied, ChannelSpec, Revision, Wanted};

fn wanted(channels: Vec<ChannelSpec>) -> Wanted {
    Wanted { channels, agent: None, max_attempts: 3 }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// The same channel with another section.
fn changed(spec: &ChannelSpec) -> ChannelSpec {
    let section = spec.revision.section + 1;
    ChannelSpec { revision: Revision { section, ..spec.revision }, ..spec.clone() }
}

#[tokio::test(start_paused = true)]
async fn a_changed_section_starts_that_channel_again_when_its_delivery_has_ended() {
    let ((spec, mut hook), (other_spec, mut other)) =
        (played("hook", false), played("other", false));
    let mut stage = Stage::new(vec![spec.clone(), other_spec.clone()]).await;
    let (first, _other) = (hook.started().await, other.started().await);
    first.receive("c1", "Hello?").await.unwrap();
    stage.answer("Hello!").await;
    let delivery = hook.call().await;

    let applied = stage.gateway.apply(wanted(vec![changed(&spec), other_spec]));
    assert_eq!(applied, Applied { restarted: names(&["hook"]), ..Applied::default() });
    // The delivery is under way for as long as the channel may drain, less a little.
    tokio::time::sleep(Duration::from_secs(29)).await;
    let refused = first.receive("c1", "Are you there?").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Overloaded);
    assert!(hook.calls.try_recv().is_err(), "it is not stopped yet");
    assert_eq!(delivery.succeed(), send("c1", "Hello!", 1));
    assert_eq!(hook.call().await.call, Call::Stopped);
    let second = hook.started().await;
    assert_eq!(second.receive("c1", "Are you there?").await.unwrap(), Acceptance::Accepted);
    assert!(other.calls.try_recv().is_err(), "the other channel noticed nothing");
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_outlasts_the_drain_goes_out_after_the_restart() {
    let (spec, mut hook) = played("hook", false);
    let mut stage = Stage::new(vec![spec.clone()]).await;
    let first = hook.started().await;
    first.receive("c1", "Hello?").await.unwrap();
    stage.answer("Hello!").await;
    let stuck = hook.call().await;
    stage.gateway.apply(wanted(vec![changed(&spec)]));
    assert_eq!(hook.call().await.call, Call::Stopped);
    let _second = hook.started().await;
    stuck.answer(Err(ChannelError::network("the plugin is gone")));
    assert_eq!(hook.succeed().await, send("c1", "Hello!", 2));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_being_streamed_is_finished_before_the_restart() {
    let (spec, mut hook) = played("hook", true);
    let mut stage = Stage::new(vec![spec.clone()]).await;
    let first = hook.started().await;
    first.receive("c1", "Hello?").await.unwrap();
    let question = stage.question().await;
    question.say("Hel").await;
    assert!(matches!(hook.succeed().await, Call::Step { .. }));
    stage.gateway.apply(wanted(vec![changed(&spec)]));
    question.say("lo!").await;
    assert!(matches!(hook.succeed().await, Call::Step { .. }));
    drop(question);
    assert!(matches!(hook.succeed().await, Call::End { text, .. } if text == "Hello!"));
    assert_eq!(hook.call().await.call, Call::Stopped);
    hook.started().await;
}

#[tokio::test(start_paused = true)]
async fn other_rules_apply_at_once_and_restart_nothing() {
    let (spec, mut hook) = played("hook", false);
    let stage = Stage::new(vec![spec.clone()]).await;
    let channel = hook.started().await;
    let bob = InboundMessage::new("bob", "c1", "Hello?");
    assert_eq!(channel.cx.handle_message(bob.clone()).await.unwrap(), Acceptance::Denied);
    let spec = ChannelSpec { allow_from: names(&["bob"]), send_progress: false, ..spec };
    let applied = stage.gateway.apply(wanted(vec![spec.clone()]));
    assert_eq!(applied, Applied { adjusted: names(&["hook"]), ..Applied::default() });
    assert_eq!(channel.cx.handle_message(bob).await.unwrap(), Acceptance::Accepted);
    assert_eq!(channel.receive("c1", "Me?").await.unwrap(), Acceptance::Denied);
    assert!(stage.gateway.apply(wanted(vec![spec])).is_empty());
    assert!(hook.calls.try_recv().is_err(), "it was not stopped");
}

#[tokio::test(start_paused = true)]
async fn added_channels_start_and_removed_ones_stop_and_leave_the_status() {
    let ((spec, mut hook), (new_spec, mut new)) = (played("hook", false), played("new", false));
    let mut stage = Stage::new(vec![spec.clone()]).await;
    let first = hook.started().await;
    let applied = stage.gateway.apply(wanted(vec![new_spec.clone()]));
    let expected =
        Applied { started: names(&["new"]), stopped: names(&["hook"]), ..Applied::default() };
    assert_eq!(applied, expected);
    let refused = first.receive("c1", "too late").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Overloaded, "it may be offered again");
    assert_eq!(hook.call().await.call, Call::Stopped);
    stage.gateway.status().wait_until_gone("hook").await;
    assert!(!stage.gateway.restart_channel("hook"));
    new.started().await.receive("c1", "Hello?").await.unwrap();
    stage.answer("Hello!").await;
    assert_eq!(new.succeed().await, send("c1", "Hello!", 1));

    let applied = stage.gateway.apply(wanted(vec![new_spec, spec]));
    assert_eq!(applied.started, ["hook"]);
    let again = hook.started().await;
    again.cx.connected();
    stage.gateway.status().wait_for("hook", State::Connected).await;
    assert_eq!(again.receive("c1", "Hello?").await.unwrap(), Acceptance::Accepted);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_removed_channel_goes_out_when_it_is_back() {
    let (spec, mut hook) = played("hook", false);
    let mut stage = Stage::new(vec![spec.clone()]).await;
    hook.started().await.receive("c1", "Hello?").await.unwrap();
    let question = stage.question().await;
    stage.gateway.apply(wanted(Vec::new()));
    stage.gateway.status().wait_until_gone("hook").await;
    question.say("Hello!").await;
    drop(question);
    assert_eq!(hook.call().await.call, Call::Stopped);
    stage.gateway.apply(wanted(vec![spec]));
    let _again = hook.started().await;
    assert_eq!(hook.succeed().await, send("c1", "Hello!", 1));
}

#[tokio::test(start_paused = true)]
async fn another_agent_answers_from_the_next_turn_on() {
    let (spec, mut hook) = played("hook", false);
    let mut stage = Stage::new(vec![spec.clone()]).await;
    let channel = hook.started().await;
    channel.receive("c1", "one").await.unwrap();
    let running = stage.question().await;
    let (agent, mut asked, _) = played_agent("other");
    let applied = stage.gateway.apply(Wanted { agent: Some(agent), ..wanted(vec![spec]) });
    assert_eq!(applied, Applied { agent: true, ..Applied::default() });
    channel.receive("c2", "two").await.unwrap();
    let next = asked.recv().await.unwrap();
    assert!(next.text.ends_with("two"));
    next.say("from the other").await;
    drop(next);
    running.say("from the first").await;
    drop(running);
    let sent = [hook.succeed().await, hook.succeed().await];
    assert!(sent.contains(&send("c1", "from the first", 1)), "{sent:?}");
    channel.receive("c1", "/status").await.unwrap();
    assert!(
        matches!(hook.succeed().await, Call::Send { text, .. } if text.contains("Model: other"))
    );
}

#[tokio::test(start_paused = true)]
async fn another_number_of_tries_holds_for_the_delivery_that_is_under_way() {
    let (spec, mut hook) = played("hook", false);
    let mut stage = Stage::new(vec![spec.clone()]).await;
    let channel = hook.started().await;
    channel.receive("c1", "hi").await.unwrap();
    stage.answer("first").await;
    hook.call().await.answer(Err(ChannelError::internal("oops")));
    stage.gateway.apply(Wanted { max_attempts: 2, ..wanted(vec![spec]) });
    let second = hook.call().await;
    assert_eq!(second.call, send("c1", "first", 2));
    second.answer(Err(ChannelError::internal("oops")));
    channel.receive("c1", "hi").await.unwrap();
    stage.answer("second").await;
    assert_eq!(hook.succeed().await, send("c1", "second", 1), "there was no third try");
}

/// The second version of a channel: another channel of the same name, whose upgrade can be undone.
fn second_version(undone: &Arc<AtomicUsize>) -> (ChannelSpec, common::Played) {
    let (mut spec, second) = played("hook", false);
    spec.revision.program = 2;
    spec.allow_from = names(&["bob"]);
    let undone = Arc::clone(undone);
    spec.revert = Some(Arc::new(move || {
        undone.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }));
    (spec, second)
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_fails_within_a_minute_is_undone_and_the_status_says_why() {
    let undone = Arc::new(AtomicUsize::new(0));
    let (spec, mut first) = played("hook", false);
    let (new_spec, mut second) = second_version(&undone);
    let stage = Stage::new(vec![spec.clone()]).await;
    let _running = first.started().await;
    stage.gateway.apply(wanted(vec![new_spec]));
    assert_eq!(first.call().await.call, Call::Stopped);
    let upgraded = second.started().await;
    tokio::time::sleep(Duration::from_secs(50)).await;
    upgraded.end(Err(ChannelError::internal("no module named moon")));

    let back = first.started().await;
    back.cx.connected();
    stage.gateway.status().wait_for("hook", State::Connected).await;
    assert_eq!(undone.load(Ordering::SeqCst), 1);
    let report = stage.gateway.status().snapshot().remove("hook").unwrap();
    let note = "the upgrade failed and was undone: no module named moon";
    assert_eq!(report.note.as_deref(), Some(note));
    let bob = InboundMessage::new("bob", "c1", "Hello?");
    assert_eq!(
        back.cx.handle_message(bob).await.unwrap(),
        Acceptance::Accepted,
        "by the new rules"
    );
    // The version on disk is the first again, so the next reload finds nothing to do.
    let spec = ChannelSpec { allow_from: names(&["bob"]), ..spec };
    assert!(stage.gateway.apply(wanted(vec![spec])).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_has_proved_itself_or_only_lacks_a_login_stays() {
    for (lived, error) in [
        (Duration::from_secs(61), ChannelError::internal("crashed")),
        (Duration::from_secs(1), ChannelError::auth("log in again")),
    ] {
        let undone = Arc::new(AtomicUsize::new(0));
        let (spec, mut first) = played("hook", false);
        let (new_spec, mut second) = second_version(&undone);
        let stage = Stage::new(vec![spec]).await;
        let _running = first.started().await;
        stage.gateway.apply(wanted(vec![new_spec]));
        assert_eq!(first.call().await.call, Call::Stopped);
        let upgraded = second.started().await;
        tokio::time::sleep(lived).await;
        upgraded.end(Err(error));
        while stage.gateway.status().snapshot()["hook"].last_error.is_none() {
            tokio::task::yield_now().await;
        }
        assert!(stage.gateway.restart_channel("hook"));
        let _again = second.started().await;
        assert_eq!(undone.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_takes_no_more_deliveries_at_once_than_it_may_and_chats_take_turns() {
    let ((spec, mut hook), (other_spec, mut other)) =
        (played("hook", false), played("other", false));
    let spec = ChannelSpec { max_concurrent_deliveries: Some(2), ..spec };
    let mut stage = Stage::new(vec![spec, other_spec]).await;
    let (channel, other_channel) = (hook.started().await, other.started().await);
    let mut under_way = Vec::new();
    for chat in ["c1", "c2"] {
        channel.receive(chat, "hi").await.unwrap();
        stage.answer("one").await;
        under_way.push(hook.call().await);
    }
    // The first chat is to get a second message, and the third its first.
    channel.receive("c1", "/help").await.unwrap();
    channel.receive("c3", "hi").await.unwrap();
    stage.answer("three").await;
    other_channel.receive("d1", "hi").await.unwrap();
    stage.answer("hi").await;
    assert_eq!(other.succeed().await, send("d1", "hi", 1), "another channel does not wait");
    assert!(hook.calls.try_recv().is_err(), "two are under way");
    under_way.remove(0).succeed();
    assert_eq!(hook.call().await.call, send("c3", "three", 1), "before the first chat's second");
    under_way.remove(0).succeed();
    assert!(matches!(hook.succeed().await, Call::Send { chat, .. } if chat == "c1"));
}
