//! A gateway with a plugin that misbehaves and a channel that does not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::misbehaviour::Misbehaviour;
use crate::support::{fixture, patient};

/// How long a step may take that never ends by itself.
pub(super) const SHORT: Duration = Duration::from_millis(300);
/// Answer of the model, in pieces.
pub(super) const PIECES: [&str; 3] = ["Once ", "upon ", "a time"];

/// What happens to the channel under test.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    Began(Step),
    Ended(Step, Result<(), ErrorKind>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
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
pub(super) struct End {
    pub(super) events: mpsc::Receiver<Event>,
    contexts: mpsc::Receiver<ChannelContext>,
}

impl End {
    pub(super) async fn next(&mut self) -> Event {
        self.events.recv().await.expect("the gateway runs")
    }

    /// Waits until a step ends, and says how.
    pub(super) async fn ended(&mut self, wanted: Step) -> Result<(), ErrorKind> {
        loop {
            if let Event::Ended(step, result) = self.next().await
                && step == wanted
            {
                return result;
            }
        }
    }

    /// The same for a step that reached the plugin. One that falls between two of its processes is
    /// tried again, as it is not ready then.
    pub(super) async fn reached(&mut self, wanted: Step) -> Result<(), ErrorKind> {
        loop {
            let result = self.ended(wanted).await;
            if result != Err(ErrorKind::NotReady) {
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
pub(super) struct World {
    pub(super) gateway: Gateway,
    pub(super) bad: End,
    good: End,
    good_cx: ChannelContext,
    _folder: TempDir,
}

impl World {
    pub(super) async fn new(misbehaviour: Misbehaviour, streams: bool, timeouts: Timeouts) -> Self {
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
    pub(super) async fn asked(mut self) -> Self {
        self.gateway.status().wait_for("fixture", State::Connected).await;
        let cx = self.bad.contexts.recv().await.unwrap();
        let question = InboundMessage::new("ada", "c1", "Tell me a story.");
        cx.handle_message(question).await.unwrap();
        assert!(matches!(self.bad.next().await, Event::Began(_)));
        self.other_goes_on().await;
        self
    }

    pub(super) async fn other_goes_on(&mut self) {
        let question = InboundMessage::new("ada", "c1", "And you?");
        self.good_cx.handle_message(question).await.unwrap();
        assert_eq!(self.good.ended(Step::Send).await, Ok(()));
    }

    pub(super) async fn stop(mut self) {
        self.other_goes_on().await;
        self.gateway.shutdown().await;
    }
}

pub(super) fn short_calls() -> Timeouts {
    Timeouts { send: SHORT, terminate: SHORT, shutdown_grace: SHORT, ..patient() }
}

pub(super) async fn world(misbehaviour: Misbehaviour, streams: bool, timeouts: Timeouts) -> World {
    World::new(misbehaviour, streams, timeouts).await.asked().await
}
