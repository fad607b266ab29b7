//! The agent of nanobot: from a message of a person to the answer of a model.
//!
//! One [`Turn`] goes in, one [`TurnOutcome`] comes out, and while it runs the answer is told piece
//! by piece through [`TurnEvents`]. [`Agent::run_turn`] cannot fail: whatever goes wrong becomes an
//! answer that says what happened and what to do about it.
//!
//! On its way the model may use tools: those every agent has, those of MCP servers, and whatever the
//! program adds as a [`Tool`]. After each round of them the turn gives a checkpoint, from which
//! [`Agent::resume_turn`] goes on.
//!
//! The agent keeps no state of a conversation. History comes with the turn and new history goes
//! back with the outcome, so turns of different sessions share nothing that could be mixed up.

mod agent;
mod anthropic;
mod approval;
mod context;
mod exchange;
mod gemini;
mod history;
mod images;
mod interjections;
pub mod local_models;
#[cfg(feature = "mcp")]
mod mcp;
mod media;
mod message;
mod model;
mod notice;
pub mod offline;
mod openai;
mod outbox;
mod process_group;
pub mod provider;
mod question;
mod reach;
mod record;
mod retry;
mod rounds;
mod settings;
mod think;
mod tool;
mod tool_call;
mod tools;
mod transcription;
mod turn;
mod voice;
mod wire;

pub use agent::Agent;
pub use approval::{Approver, Permission};
pub use interjections::Interjections;
pub use message::{Message, Role};
pub use model::{ModelDescription, ModelProblem};
pub use outbox::{Outbox, OutboxError, OutboxMessage, Posted};
pub use provider::{
    Completion, Delta, Image, ModelProvider, ModelRequest, PastMessage, ProviderError, Stop,
    ToolSpec, Usage,
};
pub use reach::{Reach, reach};
pub use settings::{
    AgentSettings, CommandSandbox, ModelSettings, ProviderSettings, RetryMode, ToolSettings,
};
pub use think::ThinkFilter;
pub use tool::{Arguments, Tool, ToolContext, ToolError};
pub use tool_call::{FunctionCall, ToolCall};
pub use tools::command_walls;
pub use transcription::{Transcriber, TranscriptionError, TranscriptionSettings};
pub use turn::{Ending, Sender, Turn, TurnEvents, TurnOutcome};
