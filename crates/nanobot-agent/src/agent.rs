//! The agent: answers one turn after another.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use tracing::Instrument;

use crate::context::Context;
use crate::exchange::{Exchange, Troubles};
use crate::media::{Media, Seen};
use crate::message::{Message, Role};
use crate::model::{ModelDescription, Models};
use crate::provider::ModelProvider;
use crate::question::Surroundings;
use crate::record::Record;
use crate::settings::{AgentSettings, ModelSettings};
use crate::tool::{Tool, ToolContext, Toolbox};
use crate::tools::builtin;
use crate::transcription::{Transcriber, hear};
use crate::turn::{Ending, Turn, TurnEvents, TurnOutcome};
use crate::voice::Voice;

/// Rule of thumb by which the length of a text is turned into tokens.
const CHARS_PER_TOKEN: usize = 4;
/// Smallest part of the context window, as a divisor, that is left for the conversation when the
/// longest answer would take it all.
const SMALLEST_SHARE: u32 = 4;

/// Answers turns; one agent serves all sessions at once.
pub struct Agent {
    model: Models,
    context: Context,
    settings: ModelSettings,
    /// Characters that fit beside the longest answer.
    budget_chars: usize,
    media: Media,
    tools: Toolbox,
    transcriber: Option<Arc<Transcriber>>,
    #[cfg(feature = "mcp")]
    mcp: crate::mcp::McpServers,
    max_tool_iterations: usize,
    max_tool_result_chars: usize,
}

impl Agent {
    /// An agent with the configured model.
    ///
    /// A configuration with which no model can be asked is no error here: each turn says what to
    /// change.
    #[must_use]
    pub fn new(settings: AgentSettings) -> Self {
        let model = Models::from_settings(&settings.model);
        Self::build(settings, model)
    }

    /// An agent with a model that the program brings itself.
    #[must_use]
    pub fn with_provider(
        settings: AgentSettings,
        name: &str,
        provider: Box<dyn ModelProvider>,
    ) -> Self {
        Self::build(settings, Models::given(provider, name))
    }

    fn build(settings: AgentSettings, model: Models) -> Self {
        let window = settings.context_window_tokens;
        let tokens = window.saturating_sub(settings.model.max_tokens).max(window / SMALLEST_SHARE);
        Self {
            model,
            transcriber: Transcriber::from_settings(&settings.transcription, &settings.model)
                .map(Arc::new),
            media: Media::new(&settings),
            tools: builtin(&settings.workspace, &settings.tools),
            #[cfg(feature = "mcp")]
            mcp: crate::mcp::McpServers::new(&settings.tools.config.mcp_servers),
            context: Context::new(settings.workspace, &settings.timezone),
            budget_chars: tokens as usize * CHARS_PER_TOKEN,
            max_tool_iterations: settings.max_tool_iterations as usize,
            max_tool_result_chars: settings.max_tool_result_chars as usize,
            settings: settings.model,
        }
    }

    /// Adds a tool that the program brings itself; one of the same name gives way.
    #[must_use]
    pub fn with_tool(mut self, tool: Arc<dyn Tool>) -> Self {
        self.tools.add(tool);
        self
    }

    /// Which model answers.
    #[must_use]
    pub fn describe_model(&self) -> ModelDescription {
        self.model.describe()
    }

    /// What turns speech into text, if it is configured.
    #[must_use]
    pub fn transcriber(&self) -> Option<Arc<Transcriber>> {
        self.transcriber.clone()
    }

    /// Names of the models that are configured, in the order in which they are asked.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        self.model.names()
    }

    /// Does slow preparations, such as loading certificates, so that the first turn need not wait.
    ///
    /// Takes some milliseconds; call it off the runtime's threads.
    pub fn warm_up(&self) {
        self.model.warm_up();
    }

    /// Answers one turn.
    ///
    /// Never fails: what goes wrong is said in the reply. The pieces of the last segment given to
    /// `events` are together exactly the reply. Cancelling `turn.cancel` ends the turn with what
    /// was said until then.
    pub async fn run_turn(&self, turn: Turn, events: &dyn TurnEvents) -> TurnOutcome {
        let span = tracing::debug_span!("turn", channel = %turn.channel);
        self.run(turn, Vec::new(), events).instrument(span).await
    }

    /// Goes on with a turn that was cut off, after what [`TurnEvents::checkpoint`] was given last:
    /// finished calls of tools are not run again.
    pub async fn resume_turn(
        &self,
        turn: Turn,
        done: Vec<Message>,
        events: &dyn TurnEvents,
    ) -> TurnOutcome {
        let span = tracing::debug_span!("turn", channel = %turn.channel);
        self.run(turn, done, events).instrument(span).await
    }

    async fn run(
        &self,
        mut turn: Turn,
        done: Vec<Message>,
        events: &dyn TurnEvents,
    ) -> TurnOutcome {
        let started = Instant::now();
        let mut voice = Voice::new(events);
        let cancel = turn.cancel.clone();
        let hearing = hear(&mut turn, self.transcriber.as_deref()).boxed();
        cancel.run_until_cancelled(hearing).await;
        let seen = cancel.run_until_cancelled(self.media.look_at(&turn)).await;
        let seen = seen.unwrap_or_else(|| Seen::unread(&turn));
        let mut record = Record::new(Message::now(Role::User, seen.text.clone()), done);
        let cx = ToolContext::new(&turn, events, self.max_tool_result_chars);
        // On the heap: the state of an HTTP call would make the future of each caller large.
        let answer = self.answer(&turn, seen, &cx, &mut voice, &mut record).boxed();
        let answered = turn.cancel.run_until_cancelled(answer).await;
        let (ending, notice) = match answered {
            Some(Ok(())) => (Ending::Complete, None),
            Some(Err(notice)) => (Ending::Failed, Some(notice)),
            None => (Ending::Interrupted, None),
        };
        let (usage, model) = (record.usage, record.model.take());
        let history = record.into_entries(voice.words());
        if let Some(notice) = notice {
            voice.say(&notice);
        }
        voice.end_last_segment();
        tracing::debug!(?ending, usage.input_tokens, usage.output_tokens, "The turn ended.");
        let elapsed = started.elapsed();
        TurnOutcome { reply: voice.into_reply(), history, ending, usage, model, elapsed }
    }

    /// Lets the model answer, with tools if it wants; gives the notice for the person when it does
    /// not.
    async fn answer(
        &self,
        turn: &Turn,
        seen: Seen,
        cx: &ToolContext<'_>,
        voice: &mut Voice<'_>,
        record: &mut Record,
    ) -> Result<(), String> {
        let models = self.model.preferring(turn.model.as_deref());
        models.check()?;
        let toolbox = self.toolbox(cx).await;
        let surroundings = Surroundings {
            system: self.context.system_prompt().await,
            moment: self.context.moment(turn),
            said: &seen.text,
            history: &turn.history,
            tools: toolbox.specs(),
            tool_chars: toolbox.chars(),
            images: seen.images,
        };
        let exchange = Exchange {
            model: &models,
            settings: &self.settings,
            toolbox,
            cx,
            budget_chars: self.budget_chars.saturating_sub(surroundings.fixed_chars()),
            surroundings,
            max_rounds: self.max_tool_iterations,
            first_model: 0,
            troubles: Troubles::default(),
        };
        exchange.run(voice, record).await
    }

    /// All tools that can be used in this turn.
    async fn toolbox(&self, cx: &ToolContext<'_>) -> Toolbox {
        #[cfg_attr(not(feature = "mcp"), expect(unused_mut, reason = "servers add tools"))]
        let mut toolbox = self.tools.offered(cx);
        #[cfg(feature = "mcp")]
        for tool in self.mcp.tools().await {
            toolbox.add(tool);
        }
        toolbox
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Agent")
            .field("model", &self.model.describe())
            .finish_non_exhaustive()
    }
}
