//! A gateway in this process, with a channel and a model that the test plays.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses its own part of this")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nanobot_agent::{
    Agent, AgentSettings, Arguments, Completion, Delta as ModelDelta, ModelProvider, ModelRequest,
    ProviderError, Role, Tool, ToolCall, ToolContext, ToolError, ToolSpec, Usage,
};
use nanobot_channel::{
    Acceptance, Channel, ChannelContext, ChannelError, Delta, InboundMessage, OutboundMessage,
    Receipt, StreamEnd, async_trait,
};
use nanobot_gateway::{ChannelSpec, Gateway, GatewayOptions, Settings};
use nanobot_ledger::{Ledger, MemoryLedger};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

/// Nothing in a test takes this long unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the channel was called with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Call {
    Send { chat: String, text: String, attempt: u32 },
    Step { chat: String, piece: String, text: String },
    End { chat: String, text: String, end: StreamEnd },
    Stopped,
}

type Answer = Result<Receipt, ChannelError>;

/// A call that waits for its answer.
pub(crate) struct Pending {
    pub(crate) call: Call,
    pub(crate) is_marked_as_possible_duplicate: bool,
    /// All of the message, if it is one.
    pub(crate) message: Option<OutboundMessage>,
    answer: oneshot::Sender<Answer>,
}

impl Pending {
    fn new(call: Call, message: Option<OutboundMessage>, answer: oneshot::Sender<Answer>) -> Self {
        let metadata = message.as_ref().map(|message| &message.metadata);
        let is_marked_as_possible_duplicate =
            metadata.is_some_and(|metadata| metadata.contains_key("_possible_duplicate"));
        Self { call, is_marked_as_possible_duplicate, message, answer }
    }

    pub(crate) fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }

    #[track_caller]
    pub(crate) fn succeed(self) -> Call {
        let call = self.call.clone();
        self.answer(Ok(Receipt::default()));
        call
    }
}

/// The test's end of a channel.
pub(crate) struct Played {
    pub(crate) calls: mpsc::Receiver<Pending>,
    contexts: mpsc::Receiver<(ChannelContext, oneshot::Sender<Result<(), ChannelError>>)>,
}

impl Played {
    /// Waits for the next start of the channel.
    pub(crate) async fn started(&mut self) -> Started {
        let next = tokio::time::timeout(PATIENCE, self.contexts.recv());
        let (cx, end) = next.await.expect("the channel is started").expect("the gateway runs");
        Started { cx, end: Some(end) }
    }

    /// Waits for the next call, which then waits for its answer.
    pub(crate) async fn call(&mut self) -> Pending {
        let next = tokio::time::timeout(PATIENCE, self.calls.recv());
        next.await.expect("the channel is called").expect("the gateway runs")
    }

    /// Waits for the next call and lets it succeed.
    pub(crate) async fn succeed(&mut self) -> Call {
        self.call().await.succeed()
    }
}

/// A running channel.
pub(crate) struct Started {
    pub(crate) cx: ChannelContext,
    end: Option<oneshot::Sender<Result<(), ChannelError>>>,
}

impl Started {
    pub(crate) async fn receive(&self, chat: &str, text: &str) -> Result<Acceptance, ChannelError> {
        self.cx.handle_message(InboundMessage::new("ada", chat, text)).await
    }

    /// Makes the channel's `run` return.
    pub(crate) fn end(mut self, result: Result<(), ChannelError>) {
        let _ = self.end.take().expect("ends once").send(result);
    }
}

struct PlayedChannel {
    calls: mpsc::Sender<Pending>,
    contexts: mpsc::Sender<(ChannelContext, oneshot::Sender<Result<(), ChannelError>>)>,
}

#[async_trait]
impl Channel for PlayedChannel {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        let (end, ended) = oneshot::channel();
        let shutdown = cx.shutdown.clone();
        let _ = self.contexts.send((cx, end)).await;
        tokio::select! {
            Ok(result) = ended => result,
            () = shutdown.cancelled() => {
                let (answer, _) = oneshot::channel();
                let _ = self.calls.send(Pending::new(Call::Stopped, None, answer)).await;
                Ok(())
            }
        }
    }

    async fn send(&self, message: OutboundMessage) -> Answer {
        let OutboundMessage { chat_id: chat, text, attempt, .. } = message.clone();
        self.ask(Call::Send { chat, text, attempt }, Some(message)).await
    }

    async fn send_delta(&self, delta: Delta<'_>) -> Answer {
        let (chat, text) = (delta.chat_id.to_owned(), delta.text.to_owned());
        let piece = delta.piece.to_owned();
        self.ask(
            match delta.end {
                Some(end) => Call::End { chat, text, end },
                None => Call::Step { chat, piece, text },
            },
            None,
        )
        .await
    }
}

impl PlayedChannel {
    async fn ask(&self, call: Call, message: Option<OutboundMessage>) -> Answer {
        if let Call::Send { text, .. } = &call
            && text.contains("PANIC IN SEND")
        {
            panic!("the channel was told to panic");
        }
        let (answer, answered) = oneshot::channel();
        let _ = self.calls.send(Pending::new(call, message, answer)).await;
        answered.await.unwrap_or_else(|_| Err(ChannelError::internal("the test is over")))
    }
}

/// A channel for the gateway, and the test's end of it.
pub(crate) fn played(name: &str, streams: bool) -> (ChannelSpec, Played) {
    let (calls, called) = mpsc::channel(64);
    let (contexts, started) = mpsc::channel(8);
    let channel: Arc<dyn Channel> = Arc::new(PlayedChannel { calls, contexts });
    let spec = ChannelSpec {
        name: name.into(),
        has_process: false,
        display_name: name.to_uppercase(),
        allow_from: vec!["ada".into()],
        streams,
        send_progress: true,
        send_tool_hints: true,
        deduplicates: true,
        on_unknown: nanobot_gateway::OnUnknown::Resend,
        rights: nanobot_gateway::Rights::default(),
        max_concurrent_deliveries: None,
        revision: nanobot_gateway::Revision::default(),
        state_dir: env!("CARGO_TARGET_TMPDIR").into(),
        media_dir: env!("CARGO_TARGET_TMPDIR").into(),
        build: Arc::new(move || Ok(Arc::clone(&channel))),
        revert: None,
    };
    (spec, Played { calls: called, contexts: started })
}

/// What the model is asked, and how the test answers.
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) history: usize,
    /// What was said in this turn after the question: roles and texts.
    pub(crate) rounds: Vec<(Role, String)>,
    pieces: mpsc::Sender<String>,
}

impl Question {
    pub(crate) async fn say(&self, piece: &str) {
        self.pieces.send(piece.to_owned()).await.expect("the turn runs");
    }

    /// Calls a tool.
    pub(crate) async fn call(&self, tool: &str, arguments: &serde_json::Value) {
        self.say(&format!("{CALL}{tool} {arguments}")).await;
    }

    /// The result of the last tool.
    pub(crate) fn result(&self) -> &str {
        let mut rounds = self.rounds.iter().rev();
        rounds
            .find(|(role, _)| *role == Role::Tool)
            .map(|(_, text)| text.as_str())
            .expect("a result")
    }

    /// Waits until the turn has taken all pieces.
    pub(crate) async fn all_taken(&self) {
        while self.pieces.capacity() < self.pieces.max_capacity() {
            tokio::task::yield_now().await;
        }
    }
}

/// What a piece begins with that is a call of a tool.
const CALL: &str = "CALL THE TOOL ";
/// Said by the played model, it is a call of the tool `probe`.
pub(crate) const USE_TOOL: &str = "USE THE TOOL";
/// Said by the played model, it is a failure of the provider.
pub(crate) const FAIL: &str = "FAIL NOW";
/// Said by the played model, it makes the turn panic.
pub(crate) const PANIC: &str = "PANIC NOW";

/// A tool that counts how often it is used.
struct Probe(Arc<AtomicUsize>);

#[async_trait]
impl Tool for Probe {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "probe".into(),
            description: "Counts.".into(),
            parameters: serde_json::json!({"type": "object", "properties": {}}),
        }
    }

    async fn call(&self, _: &Arguments, _: &ToolContext<'_>) -> Result<String, ToolError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok("counted".into())
    }
}

/// A model that the test plays. Dropping a question ends its answer.
struct PlayedModel {
    questions: mpsc::Sender<Question>,
}

#[async_trait]
impl ModelProvider for PlayedModel {
    async fn stream(
        &self,
        request: ModelRequest<'_>,
        sink: &mut (dyn for<'a> FnMut(ModelDelta<'a>) + Send),
    ) -> Result<Completion, ProviderError> {
        assert!(!request.text.contains("PANIC IN TURN"), "the model was told to panic");
        let (pieces, mut said) = mpsc::channel(64);
        let (text, history) = (request.text.to_owned(), request.history.len());
        let rounds = request.rounds.iter().map(|it| (it.role, it.content.to_owned())).collect();
        let _ = self.questions.send(Question { text, history, rounds, pieces }).await;
        while let Some(piece) = said.recv().await {
            if let Some((tool, arguments)) =
                piece.strip_prefix(CALL).and_then(|it| it.split_once(' '))
            {
                let tool_calls = vec![ToolCall::new("1", tool, arguments)];
                return Ok(Completion { tool_calls, ..Completion::default() });
            }
            if piece == USE_TOOL {
                let tool_calls = vec![ToolCall::new("1", "probe", "{}")];
                return Ok(Completion { tool_calls, ..Completion::default() });
            }
            if piece == FAIL {
                return Err(ProviderError::new(
                    nanobot_agent::provider::ErrorKind::Rejected,
                    "no such model",
                ));
            }
            assert_ne!(piece, PANIC, "the model was told to panic");
            sink(ModelDelta::Text(&piece));
        }
        let usage = Usage { input_tokens: 10, cached_tokens: 4, output_tokens: 2 };
        Ok(Completion { usage, ..Completion::default() })
    }
}

/// An agent whose model is played by the test, the model's questions, and how often its tool was used.
pub(crate) fn played_agent(
    model: &str,
) -> (Arc<Agent>, mpsc::Receiver<Question>, Arc<AtomicUsize>) {
    played_agent_with(AgentSettings::default(), model)
}

fn played_agent_with(
    settings: AgentSettings,
    model: &str,
) -> (Arc<Agent>, mpsc::Receiver<Question>, Arc<AtomicUsize>) {
    let (asked, questions) = mpsc::channel(1_000);
    let provider = Box::new(PlayedModel { questions: asked });
    let tool_uses = Arc::new(AtomicUsize::new(0));
    let agent = Agent::with_provider(settings, model, provider)
        .with_tool(Arc::new(Probe(Arc::clone(&tool_uses))));
    (Arc::new(agent), questions, tool_uses)
}

/// A gateway whose model is played by the test.
pub(crate) struct Stage {
    pub(crate) gateway: Gateway,
    pub(crate) questions: mpsc::Receiver<Question>,
    /// How often the tool was used.
    pub(crate) tool_uses: Arc<AtomicUsize>,
}

impl Stage {
    pub(crate) async fn new(channels: Vec<ChannelSpec>) -> Self {
        Self::with(channels, settings(), Arc::new(MemoryLedger::default())).await
    }

    pub(crate) async fn with(
        channels: Vec<ChannelSpec>,
        settings: Settings,
        ledger: Arc<dyn Ledger>,
    ) -> Self {
        Self::with_agent(channels, settings, ledger, AgentSettings::default()).await
    }

    /// A gateway whose agent has tools of its own, if it has a workspace.
    pub(crate) async fn with_agent(
        channels: Vec<ChannelSpec>,
        settings: Settings,
        ledger: Arc<dyn Ledger>,
        agent: AgentSettings,
    ) -> Self {
        let (agent, questions, tool_uses) = played_agent_with(agent, "played");
        let options = GatewayOptions {
            settings,
            channels,
            agent,
            ledger,
            pages: Box::new(|_| axum::Router::new()),
        };
        let gateway = Gateway::start(options).await.expect("the gateway starts");
        Self { gateway, questions, tool_uses }
    }

    pub(crate) async fn question(&mut self) -> Question {
        let next = tokio::time::timeout(PATIENCE, self.questions.recv());
        next.await.expect("the model is asked").expect("the gateway runs")
    }

    /// Answers the next question with one text.
    pub(crate) async fn answer(&mut self, text: &str) -> String {
        let question = self.question().await;
        question.say(text).await;
        question.text
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        host: "127.0.0.1".into(),
        port: 0,
        control_socket: None,
        max_concurrent_turns: 32,
        max_attempts: 3,
        steers: false,
        grace: Duration::from_secs(5),
        notify: nanobot_gateway::notify::NotifySettings::default(),
        restart_command: true,
    }
}

/// Asks a control port, and gives the status code and the body.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("the port answers");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the port answers");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the port answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a code"), body.to_owned())
}

pub(crate) fn send(chat: &str, text: &str, attempt: u32) -> Call {
    Call::Send { chat: chat.into(), text: text.into(), attempt }
}
