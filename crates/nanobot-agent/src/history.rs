//! Which part of a session's history a model is given.

use crate::message::{Message, Role};
use crate::provider::PastMessage;
use crate::tool_call::ToolCall;

/// What a message costs beside its text.
const MESSAGE_OVERHEAD_CHARS: usize = 16;
/// Results shorter than this stay when room is made.
const SMALL_RESULT_CHARS: usize = 400;
/// Stands in the place of a result that had to make room.
const LEFT_OUT: &str =
    "[This result was left out to save space. Call the tool again if you still need it.]";

/// The newest whole turns that fit into `budget_chars`, oldest first.
///
/// What stands before the first message of a person is left out, since a conversation that begins
/// with an answer is refused by strict providers. So are calls without a result and results
/// without a call, as a crash may leave them behind.
pub(crate) fn newest_turns(history: &[Message], budget_chars: usize) -> Vec<PastMessage<'_>> {
    let mut said = paired(history);
    let mut start = said.len();
    let mut spent = 0;
    for (index, message) in said.iter().enumerate().rev() {
        spent += cost(message);
        if spent > budget_chars {
            break;
        }
        if message.role == Role::User {
            start = index;
        }
    }
    said.split_off(start)
}

/// What was said in this turn; when it does not fit, the oldest long results make room.
pub(crate) fn rounds_of_turn(rounds: &[Message], budget_chars: usize) -> Vec<PastMessage<'_>> {
    let mut said = paired(rounds);
    let mut spent = cost_of(&said);
    // The newest round stays whole: the model has not seen its results yet.
    let newest = said.iter().rposition(|message| message.role == Role::Assistant).unwrap_or(0);
    for message in &mut said[..newest] {
        if spent <= budget_chars {
            break;
        }
        if message.role == Role::Tool && message.content.len() > SMALL_RESULT_CHARS {
            spent -= message.content.chars().count().saturating_sub(LEFT_OUT.len());
            message.content = LEFT_OUT;
        }
    }
    said
}

/// What messages cost together.
pub(crate) fn cost_of(messages: &[PastMessage<'_>]) -> usize {
    messages.iter().map(cost).sum()
}

fn cost(message: &PastMessage<'_>) -> usize {
    let calls = message.tool_calls.iter();
    let calls: usize =
        calls.map(|call| call.function.name.len() + call.function.arguments.len()).sum();
    message.content.chars().count() + calls + MESSAGE_OVERHEAD_CHARS
}

/// All that was said, each call followed by its result.
fn paired(history: &[Message]) -> Vec<PastMessage<'_>> {
    let mut said = Vec::with_capacity(history.len());
    let mut rest = history;
    while let Some((message, after)) = rest.split_first() {
        rest = after;
        match message.role {
            Role::User => push_text(&mut said, message),
            Role::Assistant => {
                let results = after.iter().take_while(|next| next.role == Role::Tool).count();
                let (results, after) = after.split_at(results);
                push_round(&mut said, message, results);
                rest = after;
            }
            Role::System | Role::Tool => {}
        }
    }
    said
}

fn push_text<'a>(said: &mut Vec<PastMessage<'a>>, message: &'a Message) {
    if !message.content.trim().is_empty() {
        said.push(PastMessage::text(message.role, &message.content));
    }
}

fn push_round<'a>(said: &mut Vec<PastMessage<'a>>, message: &'a Message, results: &'a [Message]) {
    let result_of =
        |call: &ToolCall| results.iter().find(|it| it.tool_call_id() == Some(call.id.as_str()));
    let mut calls = message.tool_calls();
    calls.retain(|call| result_of(call).is_some());
    if calls.is_empty() {
        return push_text(said, message);
    }
    let results: Vec<PastMessage<'a>> = calls.iter().filter_map(result_of).map(result).collect();
    said.push(PastMessage {
        tool_calls: calls,
        thinking: message.extra.get("thinking_blocks"),
        reasoning: message.extra.get("reasoning_content").and_then(|text| text.as_str()),
        ..PastMessage::text(Role::Assistant, &message.content)
    });
    said.extend(results);
}

fn result(message: &Message) -> PastMessage<'_> {
    let content = if message.content.is_empty() { "(no output)" } else { message.content.as_str() };
    PastMessage { tool_call_id: message.tool_call_id(), ..PastMessage::text(Role::Tool, content) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(history: &[(Role, &str)], budget: usize, expected: &[&str]) {
        let history: Vec<Message> =
            history.iter().map(|(role, content)| Message::now(*role, *content)).collect();
        let kept: Vec<&str> =
            newest_turns(&history, budget).iter().map(|message| message.content).collect();
        assert_eq!(kept, expected);
    }

    const TWO_TURNS: [(Role, &str); 4] = [
        (Role::User, "old?"),
        (Role::Assistant, "old!"),
        (Role::User, "new?"),
        (Role::Assistant, "new!"),
    ];

    fn call(id: &str) -> ToolCall {
        ToolCall::new(id, "glob", "{}")
    }

    fn contents<'a>(said: &[PastMessage<'a>]) -> Vec<&'a str> {
        said.iter().map(|message| message.content).collect()
    }

    #[test]
    fn whole_turns_are_kept_from_the_newest_on() {
        check(&TWO_TURNS, 80, &["old?", "old!", "new?", "new!"]);
        check(&TWO_TURNS, 79, &["new?", "new!"]);
        check(&TWO_TURNS, 40, &["new?", "new!"]);
        check(&TWO_TURNS, 39, &[]);
    }

    #[test]
    fn only_what_follows_the_first_question_is_kept() {
        check(&[(Role::Assistant, "hello"), (Role::User, "hi")], 1_000, &["hi"]);
    }

    #[test]
    fn results_without_a_call_and_calls_without_a_result_are_left_out() {
        let history = [
            Message::now(Role::User, "look"),
            Message::with_tool_calls("", &[call("a"), call("b"), call("c")]),
            Message::tool_result(&call("c"), "third"),
            Message::tool_result(&call("b"), ""),
            Message::tool_result(&call("x"), "nobody asked"),
            Message::with_tool_calls("lost", &[call("d")]),
            Message::now(Role::Tool, "orphan"),
        ];
        let said = newest_turns(&history, 1_000);
        assert_eq!(contents(&said), ["look", "", "(no output)", "third", "lost"]);
        let ids: Vec<&str> = said[1].tool_calls.iter().map(|call| call.id.as_str()).collect();
        assert_eq!(ids, ["b", "c"]);
        assert!(said[4].tool_calls.is_empty());
    }

    #[test]
    fn a_turn_with_calls_is_kept_or_left_out_as_a_whole() {
        let history = [
            Message::now(Role::User, "look"),
            Message::with_tool_calls("", &[call("a")]),
            Message::tool_result(&call("a"), "x".repeat(500)),
            Message::now(Role::Assistant, "done"),
        ];
        assert_eq!(newest_turns(&history, 1_000).len(), 4);
        assert_eq!(newest_turns(&history, 400), []);
    }

    #[test]
    fn old_results_of_the_turn_make_room_for_the_newest() {
        let long = "x".repeat(1_000);
        let rounds = [
            Message::with_tool_calls("", &[call("a")]),
            Message::tool_result(&call("a"), long.clone()),
            Message::with_tool_calls("", &[call("b")]),
            Message::tool_result(&call("b"), long.clone()),
        ];
        assert_eq!(contents(&rounds_of_turn(&rounds, 10_000))[1], long);
        assert_eq!(contents(&rounds_of_turn(&rounds, 1_200)), ["", LEFT_OUT, "", &long]);
    }
}
