//! Short descriptions of tool calls for people.

use serde_json::{Map, Value};

use crate::tool_call::ToolCall;

/// Longest argument that is shown.
const MAX_ARGUMENT_CHARS: usize = 40;

/// How the calls of a tool are shown: the argument that tells most, and the words around it.
struct Format {
    tool: &'static str,
    argument: &'static str,
    before: &'static str,
    after: &'static str,
    is_path: bool,
}

const fn path(tool: &'static str, argument: &'static str, before: &'static str) -> Format {
    Format { tool, argument, before, after: "", is_path: true }
}

const fn text(
    tool: &'static str,
    argument: &'static str,
    before: &'static str,
    after: &'static str,
) -> Format {
    Format { tool, argument, before, after, is_path: false }
}

const FORMATS: [Format; 9] = [
    path("read_file", "path", "read "),
    path("write_file", "path", "write "),
    path("edit_file", "path", "edit "),
    path("list_dir", "path", "ls "),
    path("web_fetch", "url", "fetch "),
    text("glob", "pattern", "glob \"", "\""),
    text("grep", "pattern", "grep \"", "\""),
    text("exec", "command", "$ ", ""),
    text("web_search", "query", "search \"", "\""),
];

/// Describes the calls of one answer; the same one several times in a row is counted.
pub(crate) fn hint(calls: &[ToolCall]) -> String {
    let mut hints: Vec<(String, usize)> = Vec::new();
    for call in calls {
        let hint = describe(call);
        match hints.last_mut().filter(|(last, _)| *last == hint) {
            Some((_, times)) => *times += 1,
            None => hints.push((hint, 1)),
        }
    }
    let hints: Vec<String> = hints
        .into_iter()
        .map(|(hint, times)| if times == 1 { hint } else { format!("{hint} × {times}") })
        .collect();
    hints.join(", ")
}

fn describe(call: &ToolCall) -> String {
    let name = call.function.name.as_str();
    let arguments = call.arguments().unwrap_or_default();
    let format = FORMATS.iter().find(|format| format.tool == name);
    if let Some(format) = format
        && let Some(value) = arguments.get(format.argument).and_then(Value::as_str)
    {
        let value = if format.is_path { short_path(value) } else { short(value) };
        return format!("{}{value}{}", format.before, format.after);
    }
    let shown = match name.strip_prefix("mcp_").and_then(|rest| rest.split_once('_')) {
        Some((server, tool)) => format!("{server}::{tool}"),
        None => name.to_owned(),
    };
    match first_text(&arguments) {
        Some(value) => format!("{shown}(\"{}\")", short(value)),
        None => shown,
    }
}

fn first_text(arguments: &Map<String, Value>) -> Option<&str> {
    arguments.values().find_map(Value::as_str).filter(|value| !value.is_empty())
}

/// The beginning of a text, on one line.
fn short(value: &str) -> String {
    let line: String =
        value.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match line.char_indices().nth(MAX_ARGUMENT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The end of a path, which tells more than its beginning.
fn short_path(path: &str) -> String {
    let length = path.chars().count();
    if length <= MAX_ARGUMENT_CHARS {
        return short(path);
    }
    let tail: String = path.chars().skip(length + 2 - MAX_ARGUMENT_CHARS).collect();
    let tail = tail.split_once('/').map_or(tail.as_str(), |(_, whole)| whole);
    short(&format!("…/{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(calls: &[(&str, &str)], expected: &str) {
        let calls: Vec<ToolCall> =
            calls.iter().map(|(name, arguments)| ToolCall::new("1", name, arguments)).collect();
        assert_eq!(hint(&calls), expected);
    }

    #[test]
    fn each_tool_has_its_words() {
        check(&[("read_file", r#"{"path":"a.txt"}"#)], "read a.txt");
        check(&[("edit_file", r#"{"path":"a.txt","old_text":"x"}"#)], "edit a.txt");
        check(&[("list_dir", r#"{"path":"."}"#)], "ls .");
        check(&[("glob", r#"{"pattern":"*.rs"}"#)], "glob \"*.rs\"");
        check(&[("exec", r#"{"command":"ls\n-l"}"#)], "$ ls -l");
        check(&[("web_search", r#"{"query":"tea"}"#)], "search \"tea\"");
        check(&[("web_fetch", r#"{"url":"https://e.org"}"#)], "fetch https://e.org");
        check(&[("mcp_files_read_text", r#"{"p":"x"}"#)], "files::read_text(\"x\")");
        check(&[("message", r#"{"content":"hi"}"#)], "message(\"hi\")");
        check(&[("spawn", "not json")], "spawn");
    }

    #[test]
    fn calls_are_joined_and_repeats_counted() {
        let read = ("read_file", r#"{"path":"a"}"#);
        check(
            &[read, read, ("glob", r#"{"pattern":"*"}"#), read],
            "read a × 2, glob \"*\", read a",
        );
    }

    #[test]
    fn long_arguments_are_cut() {
        let command = format!(r#"{{"command":"{}"}}"#, "x".repeat(50));
        check(&[("exec", &command)], &format!("$ {}…", "x".repeat(40)));
        let path = r#"{"path":"/home/ann/very/long/way/to/some/deeply/nested/file.txt"}"#;
        check(&[("read_file", path)], "read …/way/to/some/deeply/nested/file.txt");
    }
}
