//! Scripted steps as the frames of an HTTP body.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::reply::Step;

/// Turns steps into frames; each step becomes one frame of its own. `say` writes those that are
/// about the answer in the words of a protocol.
pub(super) fn frames(
    steps: Vec<Step>,
    release: Arc<Semaphore>,
    say: impl FnMut(Step) -> Bytes + Send,
) -> impl Stream<Item = Result<Bytes, io::Error>> {
    unfold((steps.into_iter(), release, say), |(mut steps, release, mut say)| async move {
        loop {
            let frame = match steps.next()? {
                Step::Pause(time) => {
                    tokio::time::sleep(time).await;
                    continue;
                }
                Step::Stall => {
                    // A closed semaphore would mean that the server is gone, and with it this
                    // stream.
                    release.acquire().await.ok()?.forget();
                    continue;
                }
                Step::Cut => {
                    // The server writes out what it has when it must wait, but not when a body
                    // fails.
                    tokio::task::yield_now().await;
                    Err(io::Error::other("the fake model cuts the connection"))
                }
                Step::Raw(bytes) => Ok(bytes),
                step => Ok(say(step)),
            };
            return Some((frame, (steps, release, say)));
        }
    })
}

/// A step in the words of OpenAI's protocol.
pub(super) fn say(step: Step) -> Bytes {
    match step {
        Step::Text(text) => event(&delta("content", &text)),
        Step::Reasoning(text) => event(&delta("reasoning_content", &text)),
        Step::ToolCall { index, id, name, arguments } => call(index, &id, &name, &arguments),
        Step::Event(value) => event(&value),
        Step::End { input_tokens, output_tokens } => end(input_tokens, output_tokens),
        Step::Raw(_) | Step::Pause(_) | Step::Stall | Step::Cut => Bytes::new(),
    }
}

/// The text that the steps say together.
pub(super) fn text_of(steps: &[Step]) -> String {
    let texts = steps.iter().filter_map(|step| match step {
        Step::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// The frame that ends an answer: finish reason, usage and the end marker.
pub(super) fn end(input_tokens: u64, output_tokens: u64) -> Bytes {
    let finish = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let usage = json!({"choices": [], "usage": {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
    }});
    Bytes::from(format!("data: {finish}\n\ndata: {usage}\n\ndata: [DONE]\n\n"))
}

fn delta(field: &str, text: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {field: text}, "finish_reason": null}]})
}

/// The events of a call: its name, then its arguments in two pieces, as real servers cut them.
fn call(index: u64, id: &str, name: &str, arguments: &str) -> Bytes {
    let half = arguments.char_indices().nth(arguments.chars().count() / 2).map_or(0, |(it, _)| it);
    let (left, right) = arguments.split_at(half);
    let begin = json!({"index": index, "id": id, "type": "function",
        "function": {"name": name, "arguments": left}});
    let rest = json!({"index": index, "function": {"arguments": right}});
    let events = [begin, rest].map(|piece| {
        let delta = json!({"tool_calls": [piece]});
        event(&json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}))
    });
    Bytes::from(events.concat())
}

pub(super) fn event(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}
