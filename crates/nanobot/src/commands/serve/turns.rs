//! Questions that are being answered, each in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use nanobot_agent::{Agent, Ending, Message, Sender, Turn, TurnOutcome};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::{Answer, Answering, Said};
use super::files::{Attached, Stored};
use super::lanes::Lanes;
use super::question::{Conversation, Question};
use super::refusal::Refusal;
use crate::exit;
use crate::instance::Instance;
use crate::session_memory::SessionMemory;

/// Channel of all these sessions, and part of their keys.
const CHANNEL: &str = "api";
/// Chat of a conversation that is not remembered.
const NO_SESSION: &str = "none";
/// Said when a session begins anew.
const NEW_SESSION: &str = "New session started.";
/// Requests that are read, wait or are answered at once.
const MAX_REQUESTS: usize = 32;

pub(super) struct Turns {
    instance: Instance,
    agent: Arc<Agent>,
    /// For one answer, from when the session is free.
    timeout: Duration,
    lanes: Lanes,
    /// Without a gateway each look into the ledger has its file for itself.
    desk: Mutex<()>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    cut_off: CancellationToken,
}

/// A place among the requests that are served at once.
pub(super) type Place = OwnedSemaphorePermit;

impl Turns {
    pub(super) fn new(instance: Instance, agent: Agent, timeout: Duration) -> Self {
        Self {
            instance,
            agent: Arc::new(agent),
            timeout,
            lanes: Lanes::default(),
            desk: Mutex::default(),
            places: Arc::new(Semaphore::new(MAX_REQUESTS)),
            tasks: TaskTracker::new(),
            cut_off: CancellationToken::new(),
        }
    }

    /// Prepares the model, so that the first answer need not wait for it.
    pub(super) fn warm_up(&self) -> JoinHandle<()> {
        let agent = Arc::clone(&self.agent);
        tokio::task::spawn_blocking(move || agent.warm_up())
    }

    /// Names of the models that can be asked, the usual one first.
    pub(super) fn models(&self) -> Vec<String> {
        self.agent.models()
    }

    /// A place for one more request, if there is any.
    pub(super) fn place(&self) -> Result<Place, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| {
            let why = "too many requests are being answered";
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, "overloaded", why)
        })
    }

    /// Begins to answer. Dropping what this gives ends the turn, for nobody waits for it any more;
    /// what was said until then is remembered.
    pub(super) fn begin(self: &Arc<Self>, question: Question, place: Place) -> Answering {
        let (tell, told) = oneshot::channel();
        let said = Arc::new(Said::default());
        let cancel = self.cut_off.child_token();
        let (turns, heard, guard) =
            (Arc::clone(self), Arc::clone(&said), cancel.clone().drop_guard());
        self.tasks.spawn(async move {
            let answered = turns.answer(question, &heard, cancel).await;
            drop(place);
            // The client may be gone.
            let _ = tell.send(answered);
        });
        Answering::new(said, told, guard)
    }

    /// Ends all turns with what was said until now.
    pub(super) fn cut_off(&self) {
        self.cut_off.cancel();
    }

    /// Waits until the last turn is over and stored.
    pub(super) async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn answer(
        &self,
        question: Question,
        said: &Said,
        cancel: CancellationToken,
    ) -> Result<Answer, Refusal> {
        let Question { text, attached, conversation, model } = question;
        let turn = |session: String, history: Vec<Message>| Turn {
            session: key(&session),
            model: Some(model),
            channel: CHANNEL.to_owned(),
            chat_id: session,
            sender: Sender { id: "user".to_owned(), display_name: None },
            text,
            attachments: Vec::new(),
            history,
            cancel: cancel.clone(),
        };
        match conversation {
            Conversation::Given(history) => {
                self.answer_once(turn(NO_SESSION.to_owned(), history), attached, said).await
            }
            Conversation::Session(session) => {
                let _lane = self.enter(&session, &cancel).await?;
                let memory = self.memory(&session);
                let history = self.read(&memory).await?;
                let answered = self.run(turn(session, history), attached, said).await?;
                self.remember(&memory, &answered.outcome).await;
                answered.judge()
            }
            Conversation::Ended(session) => {
                let _lane = self.enter(&session, &cancel).await?;
                self.forget(&session).await?;
                Ok(said.whole(NEW_SESSION))
            }
        }
    }

    /// Answers in a conversation of which nothing is kept.
    async fn answer_once(
        &self,
        turn: Turn,
        attached: Vec<Attached>,
        said: &Said,
    ) -> Result<Answer, Refusal> {
        let answered = self.run(turn, attached, said).await?;
        let Answered { stored, .. } = &answered;
        if let Err(error) = stored.remove().await {
            tracing::warn!(%error, "A file that came with a question could not be removed.");
        }
        answered.judge()
    }

    async fn enter(
        &self,
        session: &str,
        cancel: &CancellationToken,
    ) -> Result<OwnedMutexGuard<()>, Refusal> {
        let lane = cancel.run_until_cancelled(self.lanes.enter(session)).await;
        lane.ok_or_else(Refusal::stopping)
    }

    fn memory(&self, session: &str) -> SessionMemory<'_> {
        SessionMemory::new(&self.instance, CHANNEL, &key(session))
    }

    async fn read(&self, memory: &SessionMemory<'_>) -> Result<Vec<Message>, Refusal> {
        let _desk = self.desk.lock().await;
        memory.read().await.map_err(|error| failed("read the session", &error))
    }

    async fn forget(&self, session: &str) -> Result<(), Refusal> {
        let _desk = self.desk.lock().await;
        let forgotten = self.memory(session).forget().await;
        forgotten.map_err(|error| failed("forget the session", &error))
    }

    /// Lets the agent answer, within the time there is.
    async fn run(
        &self,
        mut turn: Turn,
        attached: Vec<Attached>,
        said: &Said,
    ) -> Result<Answered, Refusal> {
        let stored = Stored::write(attached, self.instance.paths.media_dir(CHANNEL)).await;
        let stored = stored.map_err(|error| failed("store what came with the question", &error))?;
        turn.attachments.clone_from(&stored.places);
        let cancel = turn.cancel.clone();
        let mut running = std::pin::pin!(self.agent.run_turn(turn, said));
        let in_time = timeout(self.timeout, &mut running).await;
        let late_after = in_time.is_err().then_some(self.timeout);
        let outcome = match in_time {
            Ok(outcome) => outcome,
            Err(_) => {
                cancel.cancel();
                running.await
            }
        };
        Ok(Answered { outcome, late_after, stored })
    }

    /// The answer is there already, so a failure to store it is only logged.
    async fn remember(&self, memory: &SessionMemory<'_>, turn: &TurnOutcome) {
        let _desk = self.desk.lock().await;
        if let Err(error) = memory.add(turn).await {
            let why = exit::chain(&error);
            tracing::error!(error = %why, "An answer could not be stored; its session lacks it.");
        }
    }
}

/// A turn that has ended.
struct Answered {
    outcome: TurnOutcome,
    /// Time after which it was ended, if it was.
    late_after: Option<Duration>,
    stored: Stored,
}

impl Answered {
    fn judge(self) -> Result<Answer, Refusal> {
        match (self.outcome.ending, self.late_after) {
            (Ending::Complete, _) => Ok(Answer::of(self.outcome)),
            // A program must not take the notice about a failure for an answer.
            (Ending::Failed, _) => {
                Err(Refusal::new(StatusCode::BAD_GATEWAY, "model_failed", self.outcome.reply))
            }
            (Ending::Interrupted, Some(time)) => {
                let why = format!("the answer took longer than {} s", time.as_secs_f64());
                Err(Refusal::new(StatusCode::GATEWAY_TIMEOUT, "timeout", why))
            }
            (Ending::Interrupted, None) => Err(Refusal::stopping()),
        }
    }
}

/// Key of a session in the ledger.
fn key(session: &str) -> String {
    format!("{CHANNEL}:{session}")
}

fn failed(action: &str, error: &anyhow::Error) -> Refusal {
    let why = exit::chain(error);
    tracing::error!(error = %why, action, "A question could not be answered.");
    Refusal::internal(&format!("cannot {action}; the log of `nanobot serve` says why"))
}
