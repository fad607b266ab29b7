//! The agent: answers one turn after another.

use std::fmt;

use futures_util::FutureExt;
use tracing::Instrument;

use crate::context::Context;
use crate::history::newest_turns;
use crate::message::{Message, Role};
use crate::model::{Model, ModelDescription};
use crate::notice;
use crate::provider::{ModelProvider, ModelRequest, ProviderError, Usage};
use crate::retry::Retries;
use crate::settings::{AgentSettings, ModelSettings};
use crate::turn::{Ending, Turn, TurnEvents, TurnOutcome};
use crate::voice::Voice;

/// Rule of thumb by which the length of a text is turned into tokens.
const CHARS_PER_TOKEN: usize = 4;
/// Smallest part of the context window, as a divisor, that is left for the conversation when the
/// longest answer would take it all.
const SMALLEST_SHARE: u32 = 4;

/// Endings of the names of pictures.
const IMAGES: [&str; 5] = ["png", "jpg", "jpeg", "gif", "webp"];

/// Answers turns; one agent serves all sessions at once.
pub struct Agent {
    model: Model,
    context: Context,
    settings: ModelSettings,
    /// Characters that fit beside the longest answer.
    budget_chars: usize,
}

impl Agent {
    /// An agent with the configured model.
    ///
    /// A configuration with which no model can be asked is no error here: each turn says what to
    /// change.
    #[must_use]
    pub fn new(settings: AgentSettings) -> Self {
        let model = Model::from_settings(&settings.model);
        Self::build(settings, model)
    }

    /// An agent with a model that the program brings itself.
    #[must_use]
    pub fn with_provider(
        settings: AgentSettings,
        name: &str,
        provider: Box<dyn ModelProvider>,
    ) -> Self {
        Self::build(settings, Model::given(provider, name))
    }

    fn build(settings: AgentSettings, model: Model) -> Self {
        let window = settings.context_window_tokens;
        let tokens = window.saturating_sub(settings.model.max_tokens).max(window / SMALLEST_SHARE);
        Self {
            model,
            context: Context::new(settings.workspace, &settings.timezone),
            budget_chars: tokens as usize * CHARS_PER_TOKEN,
            settings: settings.model,
        }
    }

    /// Which model answers.
    #[must_use]
    pub fn describe_model(&self) -> ModelDescription {
        self.model.description.clone()
    }

    /// Does slow preparations, such as loading certificates, so that the first turn need not wait.
    ///
    /// Takes some milliseconds; call it off the runtime's threads.
    pub fn warm_up(&self) {
        if let Ok(provider) = &self.model.provider {
            provider.warm_up();
        }
    }

    /// Answers one turn.
    ///
    /// Never fails: what goes wrong is said in the reply. The pieces given to `events` are together
    /// exactly the reply. Cancelling `turn.cancel` ends the turn with what was said until then.
    pub async fn run_turn(&self, turn: Turn, events: &dyn TurnEvents) -> TurnOutcome {
        let span = tracing::debug_span!("turn", channel = %turn.channel);
        self.run(turn, events).instrument(span).await
    }

    async fn run(&self, turn: Turn, events: &dyn TurnEvents) -> TurnOutcome {
        let mut voice = Voice::new(events);
        let mut usage = Usage::default();
        let said = user_text(&turn);
        let question = Message::now(Role::User, said.clone());
        // On the heap: the state of an HTTP call would make the future of each caller large.
        let answer = self.answer(&turn, &said, &mut voice, &mut usage).boxed();
        let answered = turn.cancel.run_until_cancelled(answer).await;
        let (ending, notice) = match answered {
            Some(Ok(())) => (Ending::Complete, None),
            Some(Err(notice)) => (Ending::Failed, Some(notice)),
            None => (Ending::Interrupted, None),
        };
        let history = entries(question, voice.reply());
        if let Some(notice) = notice {
            voice.say(&notice);
        }
        tracing::debug!(?ending, usage.input_tokens, usage.output_tokens, "The turn ended.");
        TurnOutcome { reply: voice.into_reply(), history, ending, usage }
    }

    /// Lets the model answer; gives the notice for the person when it does not.
    async fn answer(
        &self,
        turn: &Turn,
        said: &str,
        voice: &mut Voice<'_>,
        usage: &mut Usage,
    ) -> Result<(), String> {
        let provider = self.model.provider.as_ref().map_err(notice::problem)?;
        let system = self.context.system_prompt().await;
        let moment = self.context.moment(turn);
        let fixed = system.len() + moment.len() + said.len();
        let history = newest_turns(&turn.history, self.budget_chars.saturating_sub(fixed));
        let request =
            ModelRequest { system: &system, history: &history, context: &moment, text: said };
        // A blank answer is asked for once more in silence.
        for _ in 0..2 {
            let asked = self.ask(provider.as_ref(), request, voice).await;
            voice.end_answer();
            *usage += asked.map_err(|error| notice::failure(&error, &self.model.target))?;
            if voice.has_spoken() {
                return Ok(());
            }
        }
        Err(notice::BLANK.to_owned())
    }

    /// Asks until there is an answer, or a failure that does not pass.
    async fn ask(
        &self,
        provider: &dyn ModelProvider,
        request: ModelRequest<'_>,
        voice: &mut Voice<'_>,
    ) -> Result<Usage, ProviderError> {
        let mut retries = Retries::new(self.settings.retry, self.settings.retry_step);
        loop {
            let asked = provider.stream(request, &mut |delta| voice.hear(delta)).await;
            let error = match asked {
                Ok(completion) => return Ok(completion.usage),
                Err(error) => error,
            };
            log_failure(&error);
            // What was said cannot be unsaid: a second answer would be appended to half of the
            // first.
            let wait =
                if voice.has_spoken() { None } else { retries.after(&error, fastrand::f64()) };
            let Some(wait) = wait else { return Err(error) };
            voice.restart_answer();
            voice.progress(&wait.notice());
            tokio::time::sleep(wait.time).await;
        }
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Agent")
            .field("model", &self.model.description)
            .finish_non_exhaustive()
    }
}

/// The excerpt stays out: it may repeat what people wrote.
fn log_failure(error: &ProviderError) {
    let source = std::error::Error::source(error).map(ToString::to_string);
    let (kind, status) = (error.kind(), error.status());
    tracing::warn!(%error, ?kind, status, source, "The model did not answer.");
}

/// The text of a message with a mark for each attachment that the channel has not marked itself.
fn user_text(turn: &Turn) -> String {
    let mut text = turn.text.clone();
    for attachment in turn.attachments.iter().filter(|one| !turn.text.contains(one.as_str())) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("[{}: {attachment}]", kind_of(attachment)));
    }
    if text.trim().is_empty() { "[empty message]".to_owned() } else { text }
}

fn kind_of(attachment: &str) -> &'static str {
    let (_, extension) = attachment.rsplit_once('.').unwrap_or_default();
    let is_image = IMAGES.iter().any(|image| extension.eq_ignore_ascii_case(image));
    if is_image { "image" } else { "file" }
}

/// What is added to the session: the question, and what the model said.
fn entries(question: Message, answer: &str) -> Vec<Message> {
    let mut entries = vec![question];
    if !answer.is_empty() {
        entries.push(Message::now(Role::Assistant, answer));
    }
    entries
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::turn::Sender;

    #[test]
    fn attachments_are_marked_once() {
        #[track_caller]
        fn check(text: &str, attachments: &[&str], expected: &str) {
            let turn = Turn {
                session: String::new(),
                channel: String::new(),
                chat_id: String::new(),
                sender: Sender::default(),
                text: text.to_owned(),
                attachments: attachments.iter().map(|&one| one.to_owned()).collect(),
                history: Vec::new(),
                cancel: CancellationToken::new(),
            };
            assert_eq!(user_text(&turn), expected);
        }
        check("look", &["/tmp/a.pdf"], "look\n[file: /tmp/a.pdf]");
        check("look [image: /tmp/a.png]", &["/tmp/a.png"], "look [image: /tmp/a.png]");
        check("", &["https://host/a", "/b.JPG"], "[file: https://host/a]\n[image: /b.JPG]");
        check(" ", &[], "[empty message]");
    }
}
