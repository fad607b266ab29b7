//! What a turn has done so far; it outlives the work when the turn is cancelled.

use serde_json::{Value, json};

use crate::message::{Message, Role};
use crate::provider::Usage;
use crate::tool_call::ToolCall;
use crate::tools::is_answer;

/// The result of a call that was cut off.
const INTERRUPTED: &str = "Error: Task interrupted before this tool finished.";

/// The entries of a turn.
pub(crate) struct Record {
    question: Message,
    rounds: Vec<Message>,
    open: Option<OpenRound>,
    pub(crate) usage: Usage,
    /// Configured name of the model that answered last.
    pub(crate) model: Option<String>,
}

/// A round whose calls are still running.
struct OpenRound {
    said: Message,
    calls: Vec<ToolCall>,
    results: Vec<Option<String>>,
}

impl Record {
    /// A turn that begins with a question, and goes on after the rounds that are done already.
    pub(crate) fn new(question: Message, done: Vec<Message>) -> Self {
        Self { question, rounds: done, open: None, usage: Usage::default(), model: None }
    }

    /// The finished rounds.
    pub(crate) fn rounds(&self) -> &[Message] {
        &self.rounds
    }

    /// Adds what a person said while the turn was running.
    pub(crate) fn add_said(&mut self, said: Message) {
        self.rounds.push(said);
    }

    /// Whether a tool has sent something to the chat of the turn.
    pub(crate) fn has_answered(&self) -> bool {
        self.rounds.iter().any(is_answer)
    }

    /// Whether nothing else was done in the last round, and nobody said anything since: then there
    /// is nothing new that could be told.
    pub(crate) fn has_just_answered(&self) -> bool {
        let newest = self.rounds.iter().rev().take_while(|entry| entry.role == Role::Tool);
        let mut newest = newest.peekable();
        newest.peek().is_some() && newest.all(is_answer)
    }

    /// How often the model has used tools.
    pub(crate) fn round_count(&self) -> usize {
        self.rounds.iter().filter(|entry| entry.role == Role::Assistant).count()
    }

    /// Begins a round; gives the calls as they are to be run.
    pub(crate) fn begin_round(
        &mut self,
        content: String,
        calls: Vec<ToolCall>,
        reasoning: &str,
        thinking: Option<Value>,
    ) -> Vec<ToolCall> {
        let calls = self.with_unique_ids(calls);
        let stored: Vec<ToolCall> = calls.iter().map(storable).collect();
        let mut said = Message::with_tool_calls(content, &stored);
        if !reasoning.is_empty() {
            said.extra.insert("reasoning_content".to_owned(), json!(reasoning));
        }
        if let Some(thinking) = thinking {
            said.extra.insert("thinking_blocks".to_owned(), thinking);
        }
        self.open = Some(OpenRound { said, results: vec![None; calls.len()], calls: stored });
        calls
    }

    /// Notes the result of a call by its place in the round.
    pub(crate) fn set_result(&mut self, index: usize, result: String) {
        if let Some(place) = self.open.as_mut().and_then(|open| open.results.get_mut(index)) {
            *place = Some(result);
        }
    }

    /// Ends the round, if one is open; calls without a result get one that says so.
    pub(crate) fn close_round(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        self.rounds.push(open.said);
        for (call, result) in open.calls.iter().zip(open.results) {
            let result = result.unwrap_or_else(|| INTERRUPTED.to_owned());
            self.rounds.push(Message::tool_result(call, result));
        }
    }

    /// All entries, with what the model said last.
    pub(crate) fn into_entries(mut self, answer: &str) -> Vec<Message> {
        self.close_round();
        let mut entries = vec![self.question];
        entries.append(&mut self.rounds);
        if !answer.is_empty() {
            entries.push(Message::now(Role::Assistant, answer));
        }
        entries
    }

    /// Ids connect calls with results, but some servers send none, or the same one again.
    fn with_unique_ids(&self, mut calls: Vec<ToolCall>) -> Vec<ToolCall> {
        let used = self.rounds.iter().filter_map(Message::tool_call_id);
        let mut used: Vec<String> = used.map(str::to_owned).collect();
        for call in &mut calls {
            let mut number = used.len();
            while call.id.is_empty() || used.contains(&call.id) {
                call.id = format!("call_{number}");
                number += 1;
            }
            used.push(call.id.clone());
        }
        calls
    }
}

/// A call as it is kept: arguments that are no object would be refused whenever the history is
/// sent again.
fn storable(call: &ToolCall) -> ToolCall {
    let mut call = call.clone();
    if call.function.arguments.trim().is_empty() || call.arguments().is_err() {
        call.function.arguments = "{}".to_owned();
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record::new(Message::now(Role::User, "look"), Vec::new())
    }

    fn begin(record: &mut Record, calls: &[ToolCall]) -> Vec<String> {
        let calls = record.begin_round(String::new(), calls.to_vec(), "", None);
        calls.into_iter().map(|call| call.id).collect()
    }

    #[test]
    fn a_round_that_was_cut_off_has_a_result_for_each_call() {
        let mut record = record();
        begin(&mut record, &[ToolCall::new("a", "x", "{}"), ToolCall::new("b", "y", "{")]);
        record.set_result(1, "second".to_owned());
        let entries = record.into_entries("");
        let contents: Vec<&str> = entries.iter().map(|entry| entry.content.as_str()).collect();
        assert_eq!(contents, ["look", "", INTERRUPTED, "second"]);
        assert_eq!(entries[1].tool_calls()[1].function.arguments, "{}");
        assert_eq!(entries[3].extra["name"], "y");
    }

    #[test]
    fn ids_become_unique_in_the_whole_turn() {
        let mut record = record();
        let call = |id: &str| ToolCall::new(id, "x", "{}");
        assert_eq!(
            begin(&mut record, &[call("a"), call(""), call("a")]),
            ["a", "call_1", "call_2"]
        );
        record.close_round();
        assert_eq!(begin(&mut record, &[call("a"), call("b")]), ["call_3", "b"]);
    }

    #[test]
    fn ids_that_are_made_up_are_none_that_a_model_gave() {
        let call = |id: &str| ToolCall::new(id, "x", "{}");
        assert_eq!(begin(&mut record(), &[call("call_1"), call("")]), ["call_1", "call_2"]);
    }
}
