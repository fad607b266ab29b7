//! Puts the streamed pieces of tool calls together.

use serde_json::Value;

use crate::tool_call::ToolCall;
use crate::wire::MAX_CALLS;

use super::response::CallPiece;

/// The calls that have arrived so far.
#[derive(Default)]
pub(super) struct ToolCalls(Vec<(Option<u64>, ToolCall)>);

impl ToolCalls {
    /// Takes a piece; returns its size.
    pub(super) fn take(&mut self, piece: CallPiece) -> usize {
        let name = piece.function.name.unwrap_or_default();
        let size = piece.function.arguments.len() + name.len();
        let id = piece.id.unwrap_or_default();
        let Some(call) = self.find_or_begin(piece.index, &id, &name) else {
            return size;
        };
        if call.id.is_empty() {
            call.id = id;
        }
        // Some servers repeat the whole name with each piece.
        if call.function.name.is_empty() {
            call.function.name = name;
        }
        call.function.arguments.push_str(&piece.function.arguments);
        if let Some(extra) = piece.extra_content.filter(Value::is_object) {
            call.extra.insert("extra_content".to_owned(), extra);
        }
        size
    }

    pub(super) fn into_calls(self) -> Vec<ToolCall> {
        self.0.into_iter().map(|(_, call)| call).collect()
    }

    /// The call that a piece belongs to: by its number; without one, the last call, unless an id or
    /// a name says that a new one begins. Servers that number all calls with zero are told by
    /// their ids.
    fn find_or_begin(&mut self, index: Option<u64>, id: &str, name: &str) -> Option<&mut ToolCall> {
        let position = self.0.iter().rposition(|(known, call)| {
            let is_other = !id.is_empty() && !call.id.is_empty() && call.id != id;
            let is_next = index.is_none() && id.is_empty() && !name.is_empty();
            *known == index && !is_other && !is_next
        });
        let position = match position {
            Some(position) => position,
            None if self.0.len() == MAX_CALLS => return None,
            None => {
                self.0.push((index, ToolCall::new("", "", "")));
                self.0.len() - 1
            }
        };
        self.0.get_mut(position).map(|(_, call)| call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces as JSON, calls as `id name arguments`.
    #[track_caller]
    fn check(pieces: &[&str], expected: &[&str]) {
        let mut calls = ToolCalls::default();
        for piece in pieces {
            calls.take(serde_json::from_str(piece).expect("the piece is valid"));
        }
        let calls: Vec<String> = calls
            .into_calls()
            .iter()
            .map(|call| format!("{} {} {}", call.id, call.function.name, call.function.arguments))
            .collect();
        assert_eq!(calls, expected);
    }

    #[test]
    fn parallel_calls_in_mixed_pieces_are_put_together() {
        check(
            &[
                r#"{"index":0,"id":"a","function":{"name":"glob","arguments":""}}"#,
                r#"{"index":1,"id":"b","function":{"name":"grep","arguments":"{\"x\""}}"#,
                r#"{"index":0,"function":{"arguments":"{}"}}"#,
                r#"{"index":1,"function":{"arguments":":1}"}}"#,
            ],
            &["a glob {}", r#"b grep {"x":1}"#],
        );
    }

    #[test]
    fn servers_that_number_badly_are_understood() {
        check(
            &[
                r#"{"index":0,"id":"a","function":{"name":"glob","arguments":"{}"}}"#,
                r#"{"index":0,"id":"b","function":{"name":"grep","arguments":"{}"}}"#,
            ],
            &["a glob {}", "b grep {}"],
        );
        check(
            &[
                r#"{"function":{"name":"glob","arguments":{"pattern":"*"}}}"#,
                r#"{"function":{"name":"glob","arguments":"{}"}}"#,
            ],
            &[r#" glob {"pattern":"*"}"#, " glob {}"],
        );
        check(
            &[
                r#"{"index":0,"id":"a","function":{"name":"glob","arguments":"{"}}"#,
                r#"{"index":0,"id":"a","function":{"name":"glob","arguments":"}"}}"#,
            ],
            &["a glob {}"],
        );
    }
}
