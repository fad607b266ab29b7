//! Which part of a session's history a model is given.

use crate::message::{Message, Role};
use crate::provider::PastMessage;

/// What a message costs beside its text.
const MESSAGE_OVERHEAD_CHARS: usize = 16;

/// The newest whole turns that fit into `budget_chars`, oldest first.
///
/// Only what people and the model said is given. What stands before the first message of a person
/// is left out, since a conversation that begins with an answer is refused by strict providers.
pub(crate) fn newest_turns(history: &[Message], budget_chars: usize) -> Vec<PastMessage<'_>> {
    let spoken: Vec<PastMessage<'_>> = history.iter().filter_map(spoken).collect();
    let mut start = spoken.len();
    let mut cost = 0;
    for (index, message) in spoken.iter().enumerate().rev() {
        cost += message.content.chars().count() + MESSAGE_OVERHEAD_CHARS;
        if cost > budget_chars {
            break;
        }
        if message.role == Role::User {
            start = index;
        }
    }
    spoken[start..].to_vec()
}

fn spoken(message: &Message) -> Option<PastMessage<'_>> {
    let is_spoken = matches!(message.role, Role::User | Role::Assistant);
    let content = message.content.as_str();
    (is_spoken && !content.trim().is_empty()).then_some(PastMessage { role: message.role, content })
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

    #[test]
    fn whole_turns_are_kept_from_the_newest_on() {
        check(&TWO_TURNS, 80, &["old?", "old!", "new?", "new!"]);
        check(&TWO_TURNS, 79, &["new?", "new!"]);
        check(&TWO_TURNS, 40, &["new?", "new!"]);
        check(&TWO_TURNS, 39, &[]);
    }

    #[test]
    fn only_spoken_messages_after_the_first_question_are_kept() {
        check(&[(Role::Assistant, "hello"), (Role::User, "hi")], 1_000, &["hi"]);
        let with_tools = [
            (Role::User, "look"),
            (Role::Assistant, ""),
            (Role::Tool, "files"),
            (Role::Assistant, "two files"),
        ];
        check(&with_tools, 1_000, &["look", "two files"]);
    }
}
