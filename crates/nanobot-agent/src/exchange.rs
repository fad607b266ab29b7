//! The way from a question to its answer: asking, using tools, asking again.

use std::ops::ControlFlow;

use crate::model::{Model, Models};
use crate::notice;
use crate::provider::{Completion, ErrorKind, ModelRequest, ProviderError, Stop};
use crate::question::Surroundings;
use crate::record::Record;
use crate::retry::Retries;
use crate::rounds::run_calls;
use crate::settings::ModelSettings;
use crate::tool::{ToolContext, Toolbox, hint};
use crate::voice::Voice;

/// Times that a question is asked again with half of the conversation when it was too long.
const MAX_SHRINKS: u32 = 3;
/// Answers without a word until the person is told.
const MAX_BLANKS: u32 = 2;
/// Rounds in a row in which no call of a tool could be understood, until the person is told.
const MAX_MISUNDERSTOOD: u32 = 4;

/// One turn's way to its answer.
pub(crate) struct Exchange<'t> {
    pub(crate) model: &'t Models,
    pub(crate) settings: &'t ModelSettings,
    pub(crate) toolbox: Toolbox,
    pub(crate) cx: &'t ToolContext<'t>,
    pub(crate) surroundings: Surroundings<'t>,
    /// Characters for what was said before and in this turn.
    pub(crate) budget_chars: usize,
    pub(crate) max_rounds: usize,
    /// Which of the usable models is asked first: the one that answered in this turn.
    pub(crate) first_model: usize,
    pub(crate) troubles: Troubles,
}

/// What went wrong so far and was tried again in another way.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    blanks: u32,
    shrinks: u32,
    misunderstood: u32,
}

/// A failure to get an answer, and the model that failed last.
struct Failed<'m> {
    error: ProviderError,
    model: &'m Model,
}

impl Exchange<'_> {
    /// Asks until the model has nothing more to do; gives the notice for the person when it does
    /// not come to an end.
    pub(crate) async fn run(
        mut self,
        voice: &mut Voice<'_>,
        record: &mut Record,
    ) -> Result<(), String> {
        while record.round_count() < self.max_rounds {
            voice.mute(record.has_just_answered());
            let parts = self.surroundings.parts(record.rounds(), self.budget_chars);
            let has_past = parts.has_past();
            let asked = self.ask(self.surroundings.request(&parts), voice).await;
            voice.end_answer();
            let done = match asked {
                Ok((completion, place)) => {
                    record.usage += completion.usage;
                    self.first_model = place;
                    record.model = self.name_of(place);
                    self.take(completion, voice, record).await?
                }
                Err(failed) => {
                    let notice = notice::failure(&failed.error, &failed.model.target);
                    let kind = failed.error.kind();
                    if voice.has_spoken() || !self.makes_room(kind, has_past) {
                        return Err(notice);
                    }
                    ControlFlow::Continue(())
                }
            };
            if done.is_break() {
                return Ok(());
            }
        }
        Err(notice::too_many_rounds(self.max_rounds))
    }

    /// Takes an answer; says whether it was the last.
    async fn take(
        &mut self,
        completion: Completion,
        voice: &mut Voice<'_>,
        record: &mut Record,
    ) -> Result<ControlFlow<()>, String> {
        if completion.tool_calls.is_empty() {
            return match completion.stop {
                Stop::Complete => self.take_last(voice, record),
                Stop::Length => Err(notice::cut_off(voice.has_spoken())),
                Stop::Refused => Err(notice::REFUSED.to_owned()),
            };
        }
        let was_understood = self.use_tools(completion, voice, record).await;
        let troubles = &mut self.troubles;
        troubles.misunderstood = if was_understood { 0 } else { troubles.misunderstood + 1 };
        if troubles.misunderstood == MAX_MISUNDERSTOOD {
            return Err(notice::MISUNDERSTOOD.to_owned());
        }
        Ok(ControlFlow::Continue(()))
    }

    /// An answer without calls is the last, unless it is blank: then it is asked for once more in
    /// silence. When a tool has written to the person, nothing more need be said.
    fn take_last(
        &mut self,
        voice: &mut Voice<'_>,
        record: &Record,
    ) -> Result<ControlFlow<()>, String> {
        if voice.has_spoken() || record.has_answered() {
            return Ok(ControlFlow::Break(()));
        }
        voice.restart_answer();
        self.troubles.blanks += 1;
        if self.troubles.blanks == MAX_BLANKS {
            return Err(notice::BLANK.to_owned());
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Runs the tools of an answer and notes what came of them; says whether any call was
    /// understood.
    async fn use_tools(
        &self,
        completion: Completion,
        voice: &mut Voice<'_>,
        record: &mut Record,
    ) -> bool {
        let Completion { tool_calls, thinking, .. } = completion;
        let (content, reasoning) = (voice.end_segment(), voice.take_reasoning());
        voice.tool_hint(&hint(&tool_calls));
        let calls = record.begin_round(content, tool_calls, &reasoning, thinking);
        let was_understood = run_calls(&calls, &self.toolbox, self.cx, record).await;
        record.close_round();
        if let Some(interjections) = voice.interjections() {
            interjections.take().await.into_iter().for_each(|said| record.add_said(said));
        }
        voice.checkpoint(record.rounds());
        was_understood
    }

    /// After a refusal: leaves out pictures that the model may not understand, or half of a
    /// conversation that is too long. Says whether there was anything to leave out.
    fn makes_room(&mut self, kind: ErrorKind, has_past: bool) -> bool {
        match kind {
            ErrorKind::Rejected if !self.surroundings.images.is_empty() => {
                self.surroundings.images.clear();
                true
            }
            ErrorKind::ContextTooLong if has_past && self.troubles.shrinks < MAX_SHRINKS => {
                self.troubles.shrinks += 1;
                self.budget_chars /= 2;
                true
            }
            _ => false,
        }
    }

    fn name_of(&self, place: usize) -> Option<String> {
        self.model.usable().nth(place).map(|model| model.description.name.clone())
    }

    /// Asks the models in their order until one answers, and says which. One that was heard is not
    /// replaced: a second answer would be appended to half of the first.
    async fn ask(
        &self,
        request: ModelRequest<'_>,
        voice: &mut Voice<'_>,
    ) -> Result<(Completion, usize), Failed<'_>> {
        let mut models = self.model.usable().enumerate().skip(self.first_model).peekable();
        loop {
            let (place, model) = models.next().unwrap_or((0, &self.model.first));
            let error = match self.ask_one(model, request, voice).await {
                Ok(completion) => return Ok((completion, place)),
                Err(error) => error,
            };
            let is_about_request = error.kind() == ErrorKind::ContextTooLong;
            let next = models.peek().filter(|_| !voice.has_spoken() && !is_about_request);
            let Some((_, next)) = next else { return Err(Failed { error, model }) };
            tracing::warn!(
                failed = model.description.name,
                next = next.description.name,
                "Asking another model."
            );
            voice.restart_answer();
            voice.progress(&notice::next_model(&model.target, &next.target));
        }
    }

    /// Asks one model until there is an answer, or a failure that does not pass.
    async fn ask_one(
        &self,
        model: &Model,
        request: ModelRequest<'_>,
        voice: &mut Voice<'_>,
    ) -> Result<Completion, ProviderError> {
        let Ok(provider) = &model.provider else {
            return Err(ProviderError::new(ErrorKind::Rejected, "the model is not configured"));
        };
        let mut retries = Retries::new(self.settings.retry, self.settings.retry_step);
        loop {
            let asked = provider.stream(request, &mut |delta| voice.hear(delta)).await;
            let error = match asked {
                Ok(completion) => return Ok(completion),
                Err(error) => error,
            };
            log_failure(&error);
            let wait =
                if voice.has_spoken() { None } else { retries.after(&error, fastrand::f64()) };
            let Some(wait) = wait else { return Err(error) };
            voice.restart_answer();
            voice.progress(&wait.notice());
            tokio::time::sleep(wait.time).await;
        }
    }
}

/// The excerpt stays out: it may repeat what people wrote.
fn log_failure(error: &ProviderError) {
    let source = std::error::Error::source(error).map(ToString::to_string);
    let (kind, status) = (error.kind(), error.status());
    tracing::warn!(%error, ?kind, status, source, "The model did not answer.");
}
