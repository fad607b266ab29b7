//! What a whole gateway makes of deliveries to plugins that break the rules, while the messages of
//! another channel go on.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

#[path = "fixtures/misbehaviour.rs"]
#[expect(dead_code, reason = "only some of them concern deliveries")]
mod misbehaviour;
mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use misbehaviour::Misbehaviour;
use nanobot_agent::{
    Agent, AgentSettings, Completion, Delta as ModelDelta, ModelProvider, ModelRequest,
    ProviderError,
};
use nanobot_channel::{
    Channel, ChannelContext, ChannelError, Delta, ErrorKind, InboundMessage, OutboundMessage,
    Receipt, async_trait,
};
use nanobot_gateway::status::State;
use nanobot_gateway::{ChannelSpec, Gateway, GatewayOptions, OnUnknown, Revision, Settings};
use nanobot_ledger::MemoryLedger;
use nanobot_plugin_host::{ProcessChannel, Timeouts};
use support::{fixture, patient, within_test_time};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// How long a step may take that never ends by itself.
const SHORT: Duration = Duration::from_millis(300);
/// Answer of the model, in pieces.
const PIECES: [&str; 3] = ["Once ", "upon ", "a time"];

/// What happens to the channel under test.
#[derive(Debug, PartialEq)]
enum Event {
    Began(Step),
    Ended(Step, Result<(), ErrorKind>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Send,
    Delta,
    End,
}

/// A channel whose calls are told to the test.
struct Watched {
    inner: Box<dyn Channel>,
    events: mpsc::Sender<Event>,
    contexts: mpsc::Sender<ChannelContext>,
}

impl Watched {
    async fn watch(
        &self,
        step: Step,
        call: impl Future<Output = Result<Receipt, ChannelError>>,
    ) -> Result<Receipt, ChannelError> {
        let _ = self.events.try_send(Event::Began(step));
        let result = call.await;
        let told = result.as_ref().map(drop).map_err(ChannelError::kind);
        let _ = self.events.try_send(Event::Ended(step, told));
        result
    }
}

#[async_trait]
impl Channel for Watched {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        let _ = self.contexts.try_send(cx.clone());
        self.inner.run(cx).await
    }

    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        self.watch(Step::Send, self.inner.send(message)).await
    }

    async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let step = if delta.end.is_some() { Step::End } else { Step::Delta };
        self.watch(step, self.inner.send_delta(delta)).await
    }
}

/// A channel that takes everything.
struct Good;

#[async_trait]
impl Channel for Good {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        cx.connected();
        cx.shutdown.cancelled().await;
        Ok(())
    }

    async fn send(&self, _: OutboundMessage) -> Result<Receipt, ChannelError> {
        Ok(Receipt::default())
    }
}

struct Storyteller;

#[async_trait]
impl ModelProvider for Storyteller {
    async fn stream(
        &self,
        _: ModelRequest<'_>,
        sink: &mut (dyn for<'a> FnMut(ModelDelta<'a>) + Send),
    ) -> Result<Completion, ProviderError> {
        for piece in PIECES {
            sink(ModelDelta::Text(piece));
            // Long enough for the piece to be a step of its own.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Completion::default())
    }
}

/// The test's end of a channel.
struct End {
    events: mpsc::Receiver<Event>,
    contexts: mpsc::Receiver<ChannelContext>,
}

impl End {
    async fn next(&mut self) -> Event {
        self.events.recv().await.expect("the gateway runs")
    }

    /// Waits until a step ends, and says how.
    async fn ended(&mut self, wanted: Step) -> Result<(), ErrorKind> {
        loop {
            if let Event::Ended(step, result) = self.next().await
                && step == wanted
            {
                return result;
            }
        }
    }
}

fn watched(
    name: &str,
    folder: &Path,
    streams: bool,
    make: impl Fn() -> Box<dyn Channel> + Send + Sync + 'static,
) -> (ChannelSpec, End) {
    let (tell, events) = mpsc::channel(1_000);
    let (tell_context, contexts) = mpsc::channel(1_000);
    let build = move || {
        let (events, contexts) = (tell.clone(), tell_context.clone());
        Ok(Arc::new(Watched { inner: make(), events, contexts }) as Arc<dyn Channel>)
    };
    let spec = ChannelSpec {
        name: name.into(),
        display_name: name.into(),
        allow_from: vec!["ada".into()],
        streams,
        send_progress: true,
        send_tool_hints: true,
        deduplicates: true,
        on_unknown: OnUnknown::Resend,
        has_process: false,
        rights: nanobot_gateway::Rights::default(),
        max_concurrent_deliveries: None,
        revision: Revision::default(),
        state_dir: folder.join(name),
        media_dir: folder.join(format!("{name}-media")),
        build: Arc::new(build),
        revert: None,
    };
    (spec, End { events, contexts })
}

/// A gateway with a plugin that misbehaves and a channel that does not.
struct World {
    gateway: Gateway,
    bad: End,
    good: End,
    good_cx: ChannelContext,
    _folder: TempDir,
}

impl World {
    async fn new(misbehaviour: Misbehaviour, streams: bool, timeouts: Timeouts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let command = fixture().with_arg(misbehaviour.name());
        let (bad_spec, bad) = watched("fixture", folder.path(), streams, move || {
            Box::new(ProcessChannel::new(command.clone(), Default::default(), timeouts))
        });
        let (good_spec, mut good) = watched("good", folder.path(), false, || Box::new(Good));
        let options = GatewayOptions {
            settings: Settings {
                host: "127.0.0.1".into(),
                port: 0,
                control_socket: None,
                max_concurrent_turns: 32,
                max_attempts: 3,
                notify: nanobot_gateway::notify::NotifySettings::default(),
                restart_command: false,
                steers: false,
                grace: Duration::ZERO,
            },
            channels: vec![bad_spec, good_spec],
            agent: Arc::new(Agent::with_provider(
                AgentSettings::default(),
                "storyteller",
                Box::new(Storyteller),
            )),
            ledger: Arc::new(MemoryLedger::default()),
            pages: Box::new(|_| axum::Router::new()),
        };
        let gateway = Gateway::start(options).await.unwrap();
        let good_cx = good.contexts.recv().await.unwrap();
        Self { gateway, bad, good, good_cx, _folder: folder }
    }

    /// Lets the plugin's platform ask something once it is connected, and waits until the first step
    /// of the answer has begun. While that is under way, the other channel is asked and answers.
    async fn asked(mut self) -> Self {
        self.gateway.status().wait_for("fixture", State::Connected).await;
        let cx = self.bad.contexts.recv().await.unwrap();
        let question = InboundMessage::new("ada", "c1", "Tell me a story.");
        cx.handle_message(question).await.unwrap();
        assert!(matches!(self.bad.next().await, Event::Began(_)));
        self.other_goes_on().await;
        self
    }

    async fn other_goes_on(&mut self) {
        let question = InboundMessage::new("ada", "c1", "And you?");
        self.good_cx.handle_message(question).await.unwrap();
        assert_eq!(self.good.ended(Step::Send).await, Ok(()));
    }

    async fn stop(mut self) {
        self.other_goes_on().await;
        self.gateway.shutdown().await;
    }
}

fn short_calls() -> Timeouts {
    Timeouts { send: SHORT, terminate: SHORT, shutdown_grace: SHORT, ..patient() }
}

async fn world(misbehaviour: Misbehaviour, streams: bool, timeouts: Timeouts) -> World {
    World::new(misbehaviour, streams, timeouts).await.asked().await
}

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
            assert_eq!(world.bad.ended(Step::Send).await, Err(ErrorKind::Network));
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
