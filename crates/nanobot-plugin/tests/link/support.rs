//! A channel that does what a test tells it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanobot_plugin::testing::ChannelTest;
use nanobot_plugin::*;
use nanobot_plugin_link::{LinkError, Peer};
use nanobot_protocol as wire;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ProbeConfig {
    /// Finds the probe of this channel.
    name: String,
}

/// The test's hand inside the channel.
#[derive(Clone)]
pub(crate) struct Probe {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    sent: Mutex<Vec<String>>,
    steps: Mutex<Vec<Step>>,
    gate: Semaphore,
    waiting: watch::Sender<usize>,
    is_stopped: watch::Sender<bool>,
    offers: mpsc::Sender<Offer>,
    queue: Mutex<Option<mpsc::Receiver<Offer>>>,
}

enum Offer {
    Message(Box<InboundMessage>, oneshot::Sender<Result<Acceptance, ChannelError>>),
    Check(String, oneshot::Sender<bool>),
    Lend(oneshot::Sender<ChannelContext>),
    End(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) text: String,
    pub(crate) piece: String,
    pub(crate) is_end: bool,
}

static PROBES: Mutex<Vec<Probe>> = Mutex::new(Vec::new());

impl Probe {
    pub(crate) async fn start() -> (Self, ChannelTest) {
        let probe = Self::new();
        let section = serde_json::json!({"name": probe.shared.name});
        let test = ChannelTest::start::<ProbeConfig>(section).await;
        (probe, test)
    }

    fn new() -> Self {
        let (offers, queue) = mpsc::channel(16);
        let mut probes = PROBES.lock().unwrap();
        let shared = Arc::new(Shared {
            name: format!("probe-{}", probes.len()),
            sent: Mutex::default(),
            steps: Mutex::default(),
            gate: Semaphore::new(0),
            waiting: watch::Sender::new(0),
            is_stopped: watch::Sender::new(false),
            offers,
            queue: Mutex::new(Some(queue)),
        });
        let probe = Self { shared };
        probes.push(probe.clone());
        probe
    }

    pub(crate) async fn offer(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        let (answer, answered) = oneshot::channel();
        let offer = Offer::Message(Box::new(message), answer);
        assert!(self.shared.offers.send(offer).await.is_ok());
        answered.await.unwrap()
    }

    pub(crate) async fn is_allowed(&self, sender: &str) -> bool {
        let (answer, answered) = oneshot::channel();
        let offer = Offer::Check(sender.into(), answer);
        assert!(self.shared.offers.send(offer).await.is_ok());
        answered.await.unwrap()
    }

    /// What the channel was given to run with.
    pub(crate) async fn context(&self) -> ChannelContext {
        let (answer, answered) = oneshot::channel();
        assert!(self.shared.offers.send(Offer::Lend(answer)).await.is_ok());
        answered.await.unwrap()
    }

    pub(crate) fn end_run(&self, how: &'static str) {
        assert!(self.shared.offers.try_send(Offer::End(how)).is_ok());
    }

    pub(crate) fn sent(&self) -> Vec<String> {
        self.shared.sent.lock().unwrap().clone()
    }

    pub(crate) fn steps(&self) -> Vec<Step> {
        self.shared.steps.lock().unwrap().clone()
    }

    /// Waits until so many calls wait at the gate.
    pub(crate) async fn waiting(&self, count: usize) {
        let mut waiting = self.shared.waiting.subscribe();
        waiting.wait_for(|now| *now >= count).await.unwrap();
    }

    pub(crate) async fn stopped(&self) {
        let mut stopped = self.shared.is_stopped.subscribe();
        stopped.wait_for(|stopped| *stopped).await.unwrap();
    }

    pub(crate) fn open_gate(&self) {
        self.shared.gate.add_permits(100);
    }

    async fn obey(&self, word: &str) -> Result<(), ChannelError> {
        match word {
            "wait" => {
                self.shared.waiting.send_modify(|count| *count += 1);
                self.shared.gate.acquire().await.unwrap().forget();
            }
            "panic" => panic!("asked to"),
            "fail" => {
                let error = ChannelError::new(ErrorKind::RateLimited, "too fast");
                let wait = Duration::from_secs(7);
                return Err(error.with_retry_after(wait).with_hint("write less"));
            }
            _ => {}
        }
        Ok(())
    }
}

impl ChannelConfig for ProbeConfig {
    const NAME: &'static str = "probe";
    const DISPLAY_NAME: &'static str = "Probe";
    const CAPABILITIES: Capabilities =
        Capabilities { streaming: true, login: true, deduplicates: false };

    fn build(self) -> Result<Arc<dyn Channel>, ChannelError> {
        let probes = PROBES.lock().unwrap();
        let probe = probes.iter().find(|probe| probe.shared.name == self.name);
        match probe {
            Some(probe) => Ok(Arc::new(probe.clone())),
            None => Ok(Arc::new(Deaf)),
        }
    }
}

#[async_trait]
impl Channel for Probe {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        let mut offers = self.shared.queue.lock().unwrap().take().unwrap();
        loop {
            let offer = tokio::select! {
                offer = offers.recv() => offer.unwrap(),
                () = cx.shutdown.cancelled() => break,
            };
            match offer {
                Offer::Message(message, answer) => {
                    let _ = answer.send(cx.handle_message(*message).await);
                }
                Offer::Check(id, answer) => {
                    let sender = Sender { id, ..Sender::default() };
                    let _ = answer.send(cx.is_allowed(sender).await.unwrap());
                }
                Offer::Lend(answer) => {
                    let _ = answer.send(cx.clone());
                }
                Offer::End("auth") => return Err(ChannelError::auth("the token was revoked")),
                Offer::End("auth after cancel") => {
                    // As a channel does that ends its own tasks with it.
                    cx.shutdown.cancel();
                    return Err(ChannelError::auth("the token was revoked"));
                }
                Offer::End("panic") => panic!("asked to"),
                Offer::End(_) => return Ok(()),
            }
        }
        self.shared.is_stopped.send_replace(true);
        Ok(())
    }

    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        self.obey(&message.text).await?;
        let mut sent = self.shared.sent.lock().unwrap();
        sent.push(format!("{}: {}", message.chat_id, message.text));
        Ok(Receipt::with_id(sent.len().to_string()))
    }

    async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let step = Step {
            text: delta.text.into(),
            piece: delta.piece.into(),
            is_end: delta.end.is_some(),
        };
        self.shared.steps.lock().unwrap().push(step);
        self.obey(delta.piece).await?;
        Ok(Receipt::with_id("streamed"))
    }
}

/// For the tests that need no probe.
struct Deaf;

#[async_trait]
impl Channel for Deaf {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        cx.shutdown.cancelled().await;
        Ok(())
    }

    async fn send(&self, _: OutboundMessage) -> Result<Receipt, ChannelError> {
        Ok(Receipt::default())
    }

    async fn login(&self, cx: LoginContext, force: bool) -> Result<bool, ChannelError> {
        let data = format!("force {force}");
        let expires_in = Some(Duration::from_secs(60));
        cx.show(LoginPrompt::Qr { data, expires_in }).await?;
        let code = cx.ask_secret("Code?").await?;
        cx.show(LoginPrompt::Message(format!("got {code}"))).await?;
        Ok(true)
    }
}

pub(crate) async fn shutdown(host: Peer, grace_ms: u64) {
    let reason = wire::ShutdownReason::Stop;
    host.request(&wire::Shutdown { grace_ms, reason }).await.unwrap();
}

pub(crate) fn text(delivery_id: &str, text: &str) -> wire::MessageSend {
    wire::MessageSend {
        delivery_id: delivery_id.into(),
        chat: wire::ChatTarget { id: "room".into(), thread_id: None },
        text: text.into(),
        kind: wire::MessageKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: wire::Metadata::new(),
    }
}

/// Talks about a stream that was never opened; the kind of the answer, and what the channel heard.
pub(crate) async fn unknown_stream(host: &Peer, probe: &Probe) -> (ErrorKind, usize) {
    let delta = wire::StreamDelta { stream_id: "x".into(), seq: 1, text: "a".into() };
    host.notify(&delta).await.unwrap();
    let end = wire::StreamEnd {
        stream_id: "x".into(),
        text: "a".into(),
        outcome: wire::StreamOutcome::Complete,
        continues: false,
    };
    let Err(LinkError::Refused(error)) = host.request(&end).await else {
        panic!("nothing was opened")
    };
    assert_eq!(error.kind(), wire::ErrorKind::Invalid);
    (ErrorKind::Invalid, probe.steps().len())
}
