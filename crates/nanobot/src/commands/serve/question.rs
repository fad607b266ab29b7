//! What a request asks the agent.

use nanobot_agent::{Message, Role};
use serde_json::Value;

use super::files::Attached;
use super::parts::{text_of, with_attachments};
use super::refusal::Refusal;
use super::request::{ChatMessage, ChatRequest, ChatRole};

/// Session of a request that names none and consists of a single message.
const DEFAULT_SESSION: &str = "default";
/// Command that ends a conversation, as in a chat.
const NEW: &str = "/new";
/// Longest name of a session.
const MAX_SESSION_CHARS: usize = 200;
/// Most attachments of a question; the agent looks at no more.
const MAX_ATTACHMENTS: usize = 16;

#[derive(Debug)]
pub(super) struct Question {
    pub(super) text: String,
    pub(super) attached: Vec<Attached>,
    pub(super) conversation: Conversation,
    /// Model that is asked first.
    pub(super) model: String,
}

/// What was said before the question.
#[derive(Debug)]
pub(super) enum Conversation {
    /// What the session of this name remembers; the question and its answer are added to it.
    Session(String),
    /// What stands in the request. Nothing of it is remembered.
    Given(Vec<Message>),
    /// Nothing is asked: the session of this name is to be forgotten.
    Ended(String),
}

impl Question {
    /// Finds the question in a request. The first of the `models` is asked unless it names another.
    pub(super) fn of(request: ChatRequest, models: &[String]) -> Result<Self, Refusal> {
        let model = choose_model(request.model, models)?;
        let session = session(request.session_id)?;
        let is_single = request.messages.len() == 1;
        let (instructions, mut said) = without_instructions(request.messages)?;
        let Some((place, asked)) = said.pop().filter(|(_, it)| it.role == ChatRole::User) else {
            return Err(Refusal::invalid("the last message must be one of the user").at("messages"));
        };
        let (text, attached) = with_attachments(asked, place)?;
        let field = format!("messages[{place}].content");
        if attached.len() > MAX_ATTACHMENTS {
            let why = format!("at most {MAX_ATTACHMENTS} attachments can come with a question");
            return Err(Refusal::invalid(why).at(field));
        }
        if text.trim().is_empty() && attached.is_empty() {
            return Err(Refusal::invalid("the question is empty").at(field));
        }
        let session = session.or_else(|| is_single.then(|| DEFAULT_SESSION.to_owned()));
        let conversation = match session {
            Some(name) if text.trim().eq_ignore_ascii_case(NEW) => Conversation::Ended(name),
            Some(name) => Conversation::Session(name),
            None => Conversation::Given(history(said)?),
        };
        Ok(Self { text: instructed(&instructions, text), attached, conversation, model })
    }
}

fn choose_model(wanted: Option<String>, models: &[String]) -> Result<String, Refusal> {
    let first = models.first().cloned().unwrap_or_default();
    let wanted = wanted.filter(|name| !name.is_empty()).unwrap_or(first);
    if models.contains(&wanted) {
        return Ok(wanted);
    }
    let why = format!("only the configured models can be asked: {}", models.join(", "));
    Err(Refusal::invalid(why).at("model").with_code("model_not_found"))
}

fn session(typed: Option<Value>) -> Result<Option<String>, Refusal> {
    let name = match typed {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(name)) => name,
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(Refusal::invalid("a session is named by a text").at("session_id")),
    };
    if name.chars().count() > MAX_SESSION_CHARS || name.chars().any(char::is_control) {
        let why = format!(
            "the name of a session has at most {MAX_SESSION_CHARS} characters, and none that \
             controls"
        );
        return Err(Refusal::invalid(why).at("session_id"));
    }
    Ok(Some(name).filter(|name| !name.is_empty()))
}

type Placed = (usize, ChatMessage);

/// Takes out what the program that asks says itself; the others keep their places.
fn without_instructions(messages: Vec<ChatMessage>) -> Result<(Vec<String>, Vec<Placed>), Refusal> {
    let is_instruction =
        |message: &ChatMessage| matches!(message.role, ChatRole::System | ChatRole::Developer);
    let placed = messages.into_iter().enumerate();
    let (instructions, said): (Vec<Placed>, Vec<Placed>) =
        placed.partition(|(_, message)| is_instruction(message));
    let texts = instructions.into_iter().map(|(_, message)| text_of(message));
    Ok((texts.collect::<Result<_, _>>()?, said))
}

fn history(said: Vec<Placed>) -> Result<Vec<Message>, Refusal> {
    let entry = |(_, message): Placed| {
        let role = match message.role {
            ChatRole::Assistant => Role::Assistant,
            ChatRole::User | ChatRole::System | ChatRole::Developer => Role::User,
        };
        Ok(Message::now(role, text_of(message)?))
    };
    said.into_iter().map(entry).collect()
}

/// The agent has instructions of its own, so those of the program come with the question.
fn instructed(instructions: &[String], text: String) -> String {
    let instructions = instructions.join("\n\n");
    if instructions.trim().is_empty() {
        return text;
    }
    format!("[Instructions of the program that asks]\n{instructions}\n\n[Question]\n{text}")
}
