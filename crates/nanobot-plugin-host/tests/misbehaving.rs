//! What the host does about plugins that break the rules.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

#[path = "fixtures/misbehaviour.rs"]
mod misbehaviour;
mod support;

use std::time::Duration;

use misbehaviour::Misbehaviour;
use nanobot_channel::{ChannelError, ErrorKind};
use nanobot_plugin_host::{PluginCommand, PluginExited, Timeouts};
use support::{Rig, TestInbox, TestStream, fixture, patient, within_test_time};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// How long a step may take that never ends by itself.
const SHORT: Duration = Duration::from_millis(300);

fn command(misbehaviour: Misbehaviour) -> PluginCommand {
    fixture().with_arg(misbehaviour.name())
}

fn hurried() -> Timeouts {
    Timeouts { terminate: SHORT, ..patient() }
}

/// Runs the plugin to its end and checks the error.
#[track_caller]
fn check(error: &ChannelError, kind: ErrorKind, report: &str) {
    let found = error.report();
    assert_eq!((error.kind(), found.as_str()), (kind, report));
}

async fn fails(misbehaviour: Misbehaviour, timeouts: Timeouts) -> ChannelError {
    let mut rig = Rig::start(command(misbehaviour), timeouts);
    rig.ended().await.expect_err("the plugin fails")
}

/// The plugin works all the same, and ends in order.
async fn works(misbehaviour: Misbehaviour, timeouts: Timeouts) {
    let rig = Rig::ready(command(misbehaviour), timeouts).await;
    assert_eq!(rig.tell("hi").await.unwrap(), ["\"d1\""]);
    rig.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_misbehaviour_is_contained_and_harms_no_other_plugin() {
    within_test_time(async {
        let good = Rig::ready(fixture(), patient()).await;
        let mut checks = JoinSet::new();
        for misbehaviour in Misbehaviour::ALL.iter().copied() {
            checks.spawn(async move {
                contained(misbehaviour).await;
                misbehaviour
            });
            if checks.len() == 4 {
                checks.join_next().await.unwrap().unwrap();
            }
            assert_eq!(good.tell("still there?").await.unwrap(), ["\"d1\""]);
        }
        while let Some(check) = checks.join_next().await {
            check.unwrap();
            assert_eq!(good.tell("still there?").await.unwrap(), ["\"d1\""]);
        }
        good.stop().await.unwrap();
    })
    .await;
}

async fn contained(misbehaviour: Misbehaviour) {
    use Misbehaviour as M;
    match misbehaviour {
        M::ExitBeforeInitialize => exits_with_a_traceback().await,
        M::ExitAfterInitialize => {
            let error = fails(misbehaviour, hurried()).await;
            let report = "plugin exited with status 0: it wrote nothing to stderr";
            check(&error, ErrorKind::Internal, report);
        }
        M::WrongVersion => speaks_another_version().await,
        M::NoCommonVersion => {
            let error = fails(misbehaviour, hurried()).await;
            let report = "the plugin speaks none of the protocol versions of this nanobot [1]: \
                          it wrote nothing to stderr";
            check(&error, ErrorKind::Invalid, report);
        }
        M::WrongIds | M::SlowInitialize => {
            let timeouts = Timeouts { initialize: SHORT, ..hurried() };
            let error = fails(misbehaviour, timeouts).await;
            let report = "no answer to initialize within 300 ms: it wrote nothing to stderr";
            check(&error, ErrorKind::Internal, report);
        }
        M::AnswersTwice | M::PrintsBeforeHandshake | M::GarbageLines | M::BinaryJunk => {
            works(misbehaviour, patient()).await;
        }
        M::StderrFlood | M::StdoutFlood | M::StatusFlood => floods_the_host(misbehaviour).await,
        M::EndlessLine => {
            let error = fails(misbehaviour, hurried()).await;
            let report = "the plugin was stopped because its output cannot be read: \
                          a line is longer than 4194304 bytes: it wrote nothing to stderr";
            check(&error, ErrorKind::Internal, report);
        }
        M::SlowStart => {
            let timeouts = Timeouts { start: SHORT, ..hurried() };
            let error = fails(misbehaviour, timeouts).await;
            let report = "no answer to channel/start within 300 ms: it wrote nothing to stderr";
            check(&error, ErrorKind::Internal, report);
        }
        M::RefusesConfig => {
            let error = fails(misbehaviour, hurried()).await;
            check(&error, ErrorKind::Invalid, "no token: it wrote nothing to stderr");
            assert_eq!(error.hint(), Some("set a token"));
        }
        M::StuckShutdown => is_stuck().await,
        M::InboundFlood => floods().await,
        M::CrashInMidStream => crashes_in_mid_stream().await,
        M::CrashDuringSend => crashes_during_a_send().await,
        M::ChildLeftBehind => {
            let error = fails(misbehaviour, patient()).await;
            let report = "plugin exited with status 0: it wrote nothing to stderr";
            check(&error, ErrorKind::Internal, report);
        }
        // That nothing is left is checked after every run.
        M::ChildLeftBehindAtShutdown => works(misbehaviour, patient()).await,
        M::NeverAnswersSend => does_not_answer_a_send().await,
        M::NeverAnswersEnd => does_not_answer_an_end().await,
        M::SlowSend => works(misbehaviour, patient()).await,
        M::NeverAcksDeltas => does_not_acknowledge().await,
        M::Hangs => {
            let timeouts = Timeouts { quiet: SHORT, ping: SHORT, ..hurried() };
            let error = fails(misbehaviour, timeouts).await;
            let report = "the plugin did not answer two pings: it wrote nothing to stderr";
            check(&error, ErrorKind::Internal, report);
        }
        M::ClosesStdout => {
            let error = fails(misbehaviour, hurried()).await;
            let report = "the plugin closed its side of the link but did not exit: \
                          it wrote nothing to stderr";
            check(&error, ErrorKind::Internal, report);
        }
        M::FailedWithAuth => {
            let error = fails(misbehaviour, hurried()).await;
            let report = "token was revoked: it wrote nothing to stderr";
            check(&error, ErrorKind::Auth, report);
            assert_eq!(error.hint(), Some("get a new token"));
        }
        M::FailedButLives => {
            let error = fails(misbehaviour, patient()).await;
            let report = "nobody loves me: it wrote nothing to stderr";
            check(&error, ErrorKind::Internal, report);
        }
        M::PathOutsideMediaDir => attaches_a_strange_file().await,
        M::ReachesForOthers => {
            let rig = Rig::ready(command(misbehaviour), patient()).await;
            rig.inbox.wait_for_status("denied denied denied denied").await;
            rig.stop().await.unwrap();
        }
    }
}

/// The plugin is heard all the same; its own flood may make it slow.
async fn floods_the_host(misbehaviour: Misbehaviour) {
    let rig = Rig::start(command(misbehaviour), patient());
    rig.inbox.wait_for(|log| !log.statuses.is_empty()).await;
    rig.until_told("hi").await.unwrap();
    rig.stop().await.unwrap();
}

#[tokio::test]
async fn a_flood_leaves_other_plugins_on_the_same_thread_their_turn() {
    within_test_time(async {
        let good = Rig::ready(fixture(), patient()).await;
        for misbehaviour in
            [Misbehaviour::StderrFlood, Misbehaviour::StdoutFlood, Misbehaviour::StatusFlood]
        {
            let flood = Rig::start(command(misbehaviour), patient());
            flood.inbox.wait_for(|log| !log.statuses.is_empty()).await;
            let begin = std::time::Instant::now();
            for _ in 0..100 {
                good.tell("hi").await.unwrap();
            }
            let each = begin.elapsed() / 100;
            assert!(each < Duration::from_millis(100), "{misbehaviour:?}: {each:?}");
            flood.stop().await.unwrap();
        }
        good.stop().await.unwrap();
    })
    .await;
}

async fn exits_with_a_traceback() {
    let error = fails(Misbehaviour::ExitBeforeInitialize, hurried()).await;
    let report = "plugin exited with status 1: it last wrote: Traceback (most recent call last): \
                  | ModuleNotFoundError: No module named 'moon'";
    check(&error, ErrorKind::Internal, report);
    let source = std::error::Error::source(&error).unwrap();
    let exited: &PluginExited = source.downcast_ref().unwrap();
    assert_eq!(exited.status.unwrap().code(), Some(1));
    assert_eq!(exited.stderr_tail.len(), 2);
}

async fn speaks_another_version() {
    let error = fails(Misbehaviour::WrongVersion, hurried()).await;
    let report = "plugin nanobot-channel-fixture 1.2.3 speaks protocol version 7, \
                  this nanobot speaks 1: it wrote nothing to stderr";
    check(&error, ErrorKind::Invalid, report);
    assert_eq!(error.hint(), Some("update nanobot"));
}

async fn is_stuck() {
    let timeouts = Timeouts { shutdown_grace: SHORT, ..hurried() };
    let rig = Rig::ready(command(Misbehaviour::StuckShutdown), timeouts).await;
    let begin = std::time::Instant::now();
    rig.stop().await.unwrap();
    assert!(begin.elapsed() >= 2 * SHORT, "it got its grace and its SIGTERM");
}

async fn floods() {
    let inbox = TestInbox::new(0);
    let rig = Rig::start_with(command(Misbehaviour::InboundFlood), patient(), inbox);
    // The last of the refused is answered while not one message has been stored.
    rig.inbox.wait_for_status("refused 936").await;
    rig.inbox.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    rig.inbox.wait_for_status("all answered").await;
    let log = rig.inbox.log();
    assert_eq!(log.messages.len(), 64);
    rig.stop().await.unwrap();
}

async fn crashes_in_mid_stream() {
    let mut rig = Rig::ready(command(Misbehaviour::CrashInMidStream), hurried()).await;
    let channel = rig.channel.clone();
    let mut stream = TestStream::new(&channel, "s1");
    stream.grow("a").await.unwrap();
    let error = stream.grow("b").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network, "{error:?}");
    let error = rig.ended().await.unwrap_err();
    let report = "plugin was killed by signal 6: it wrote nothing to stderr";
    check(&error, ErrorKind::Internal, report);
    assert_eq!(stream.end().await.unwrap_err().kind(), ErrorKind::NotReady);
}

async fn crashes_during_a_send() {
    let misbehaviour = Misbehaviour::CrashDuringSend;
    let mut rig = Rig::start(command(misbehaviour), hurried());
    rig.inbox.wait_for(|log| !log.statuses.is_empty()).await;
    let error = rig.until_told("hi").await.unwrap_err();
    check(&error, ErrorKind::Network, "the plugin went away during the call");
    let error = rig.ended().await.unwrap_err();
    let report = "plugin exited with status 3: it last wrote: Out of cheese.";
    check(&error, ErrorKind::Internal, report);
    assert_eq!(rig.tell("hi").await.unwrap_err().kind(), ErrorKind::NotReady);
}

async fn does_not_answer_a_send() {
    let timeouts = Timeouts { send: SHORT, ..patient() };
    let rig = Rig::start(command(Misbehaviour::NeverAnswersSend), timeouts);
    rig.inbox.wait_for(|log| !log.statuses.is_empty()).await;
    let error = rig.until_told("hi").await.unwrap_err();
    check(&error, ErrorKind::Network, "no answer to message/send within 300 ms");
    rig.stop().await.unwrap();
}

async fn does_not_answer_an_end() {
    let timeouts = Timeouts { send: SHORT, ..patient() };
    let rig = Rig::ready(command(Misbehaviour::NeverAnswersEnd), timeouts).await;
    let mut stream = TestStream::new(&rig.channel, "s1");
    stream.grow("a").await.unwrap();
    let error = stream.end().await.unwrap_err();
    check(&error, ErrorKind::Network, "no answer to stream/end within 300 ms");
    rig.stop().await.unwrap();
}

async fn does_not_acknowledge() {
    let timeouts = Timeouts { send: SHORT, ..patient() };
    let rig = Rig::ready(command(Misbehaviour::NeverAcksDeltas), timeouts).await;
    let mut stream = TestStream::new(&rig.channel, "s1");
    let error = stream.grow("a").await.unwrap_err();
    check(&error, ErrorKind::Network, "the plugin does not acknowledge the stream");
    let begin = std::time::Instant::now();
    assert_eq!(stream.grow("b").await.unwrap_err().kind(), ErrorKind::Network);
    assert!(begin.elapsed() < SHORT, "it is waited for once only");
    assert_eq!(stream.end().await.unwrap().platform_ids, ["ab"]);
    rig.stop().await.unwrap();
}

async fn attaches_a_strange_file() {
    let command = command(Misbehaviour::PathOutsideMediaDir);
    let rig = Rig::start(command, patient());
    rig.inbox.wait_for_status("rejected null").await;
    rig.until_ready().await;
    std::fs::write(rig.state_dir().join("credentials"), "secret").unwrap();
    let message = serde_json::json!({
        "chat": {"id": "c"}, "sender": {"id": "s"}, "text": "look", "attachments": [{
            "kind": "file", "path": rig.media_dir().join("../state/credentials"),
        }],
    });
    assert_eq!(rig.offer([message].into()).await, ["rejected null"]);
    assert!(rig.inbox.log().messages.is_empty());
    rig.stop().await.unwrap();
}
