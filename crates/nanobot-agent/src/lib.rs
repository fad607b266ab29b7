//! The agent of nanobot: from a message of a person to the answer of a model.
//!
//! One [`Turn`] goes in, one [`TurnOutcome`] comes out, and while it runs the answer is told piece
//! by piece through [`TurnEvents`]. [`Agent::run_turn`] cannot fail: whatever goes wrong becomes an
//! answer that says what happened and what to do about it.
//!
//! The agent keeps no state of a conversation. History comes with the turn and new history goes
//! back with the outcome, so turns of different sessions share nothing that could be mixed up.

mod agent;
mod context;
mod history;
pub mod local_models;
mod message;
mod model;
mod notice;
pub mod offline;
mod openai;
pub mod provider;
mod retry;
mod settings;
mod think;
mod turn;
mod voice;

pub use agent::Agent;
pub use message::{Message, Role};
pub use model::{ModelDescription, ModelProblem};
pub use provider::{Completion, Delta, ModelProvider, ModelRequest, ProviderError, Usage};
pub use settings::{AgentSettings, ModelSettings, ProviderSettings, RetryMode};
pub use think::ThinkFilter;
pub use turn::{Ending, Sender, Turn, TurnEvents, TurnOutcome};
