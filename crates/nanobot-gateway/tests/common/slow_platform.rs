//! A chat platform that is slow and unreliable, and a model that says a lot. For a test in paused
//! time and for an example in real time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nanobot_agent::{
    Agent, AgentSettings, Completion, Delta as ModelDelta, ModelProvider, ModelRequest,
    ProviderError,
};
use nanobot_channel::{
    Channel, ChannelContext, ChannelError, Delta, ErrorKind, InboundMessage, OutboundMessage,
    Receipt, async_trait,
};
use nanobot_gateway::{ChannelSpec, Gateway, GatewayOptions, OnUnknown, Revision, Settings};
use nanobot_ledger::MemoryLedger;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// What is done to the platform and the model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    /// Pieces in which the model answers.
    pub(crate) deltas: usize,
    /// Time between two pieces.
    pub(crate) delta_pause: Duration,
    /// Time that the platform takes for each call.
    pub(crate) edit: Duration,
    /// What the platform asks to wait when it limits.
    pub(crate) limit: Duration,
}

/// The calls that go wrong, counted from 1.
const LIMITED: [usize; 2] = [5, 11];
const LOST: usize = 17;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Figures {
    /// What the platform shows at the end.
    pub(crate) shown: String,
    /// Calls of the platform, those that went wrong and the end included.
    pub(crate) calls: usize,
    /// Messages that were sent whole.
    pub(crate) whole: usize,
    /// From the question until the platform shows the end of the answer.
    pub(crate) total: Duration,
}

struct SlowPlatform {
    case: Case,
    calls: AtomicUsize,
    whole: AtomicUsize,
    shown: Mutex<String>,
    started: Mutex<Option<oneshot::Sender<ChannelContext>>>,
    done: Mutex<Option<oneshot::Sender<()>>>,
}

impl SlowPlatform {
    async fn take(&self, text: &str, is_end: bool) -> Result<Receipt, ChannelError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::time::sleep(self.case.edit).await;
        if LIMITED.contains(&number) {
            let limited = ChannelError::new(ErrorKind::RateLimited, "429 Too Many Requests");
            return Err(limited.with_retry_after(self.case.limit));
        }
        if number == LOST {
            return Err(ChannelError::network("connection reset"));
        }
        text.clone_into(&mut lock(&self.shown));
        if is_end && let Some(done) = lock(&self.done).take() {
            let _ = done.send(());
        }
        Ok(Receipt::default())
    }
}

#[async_trait]
impl Channel for SlowPlatform {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        let shutdown = cx.shutdown.clone();
        if let Some(started) = lock(&self.started).take() {
            let _ = started.send(cx);
        }
        shutdown.cancelled().await;
        Ok(())
    }

    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        self.whole.fetch_add(1, Ordering::SeqCst);
        self.take(&message.text, true).await
    }

    async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        self.take(delta.text, delta.end.is_some()).await
    }
}

struct Talkative(Case);

#[async_trait]
impl ModelProvider for Talkative {
    async fn stream(
        &self,
        _: ModelRequest<'_>,
        sink: &mut (dyn for<'a> FnMut(ModelDelta<'a>) + Send),
    ) -> Result<Completion, ProviderError> {
        for number in 0..self.0.deltas {
            tokio::time::sleep(self.0.delta_pause).await;
            sink(ModelDelta::Text(&piece(number)));
        }
        Ok(Completion::default())
    }
}

fn piece(number: usize) -> String {
    format!("word{number} ")
}

/// The whole answer of the model.
pub(crate) fn whole_text(deltas: usize) -> String {
    (0..deltas).map(piece).collect()
}

/// Asks the model once, through a gateway, and waits until the platform shows the answer.
pub(crate) async fn run(case: Case) -> Figures {
    let (started, running) = oneshot::channel();
    let (done, shown) = oneshot::channel();
    let platform = Arc::new(SlowPlatform {
        case,
        calls: AtomicUsize::new(0),
        whole: AtomicUsize::new(0),
        shown: Mutex::default(),
        started: Mutex::new(Some(started)),
        done: Mutex::new(Some(done)),
    });
    let gateway = gateway(Arc::clone(&platform), case).await;
    let cx = running.await.expect("the channel is started");
    let asked = Instant::now();
    let question = InboundMessage::new("ada", "c1", "Tell me everything.");
    cx.handle_message(question).await.expect("the message is taken");
    shown.await.expect("the answer is shown");
    let total = asked.elapsed();
    gateway.shutdown().await;
    Figures {
        shown: lock(&platform.shown).clone(),
        calls: platform.calls.load(Ordering::SeqCst),
        whole: platform.whole.load(Ordering::SeqCst),
        total,
    }
}

async fn gateway(platform: Arc<SlowPlatform>, case: Case) -> Gateway {
    let channel: Arc<dyn Channel> = platform;
    let spec = ChannelSpec {
        name: "slow".into(),
        display_name: "Slow".into(),
        allow_from: vec!["ada".into()],
        streams: true,
        send_progress: true,
        send_tool_hints: true,
        deduplicates: true,
        on_unknown: OnUnknown::Resend,
        has_process: false,
        rights: nanobot_gateway::Rights::default(),
        max_concurrent_deliveries: None,
        revision: Revision::default(),
        state_dir: std::env::temp_dir(),
        media_dir: std::env::temp_dir(),
        build: Arc::new(move || Ok(Arc::clone(&channel))),
        revert: None,
    };
    let options = GatewayOptions {
        settings: Settings {
            host: "127.0.0.1".into(),
            port: 0,
            control_socket: None,
            max_concurrent_turns: 1,
            max_attempts: 3,
            notify: nanobot_gateway::notify::NotifySettings::default(),
            restart_command: false,
            steers: false,
            grace: Duration::from_secs(5),
        },
        channels: vec![spec],
        agent: Arc::new(Agent::with_provider(
            AgentSettings::default(),
            "talkative",
            Box::new(Talkative(case)),
        )),
        ledger: Arc::new(MemoryLedger::default()),
        pages: Box::new(|_| axum::Router::new()),
    };
    Gateway::start(options).await.expect("the gateway starts")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
