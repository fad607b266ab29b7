//! An answer as a stream of events, in the shape that clients of OpenAI read.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::answer::{Answer, Answering, Heard};
use super::refusal::Refusal;
use super::routes::Head;

/// A comment is sent after this time without a word, as while tools are used: so that nothing on
/// the way takes the connection for dead.
const SILENCE: Duration = Duration::from_secs(15);
/// Data of the last event of a complete answer.
const DONE: &str = "[DONE]";

struct Chunks {
    answering: Answering,
    head: Head,
    with_usage: bool,
    ready: VecDeque<String>,
    is_over: bool,
}

/// Streams an answer.
pub(super) fn response(answering: Answering, head: Head, with_usage: bool) -> Response {
    let mut chunks = Chunks { answering, head, with_usage, ready: VecDeque::new(), is_over: false };
    chunks.push(&json!({"role": "assistant", "content": ""}), None);
    let events = stream::unfold(chunks, |mut chunks| async {
        let data = chunks.next().await?;
        Some((Ok::<_, Infallible>(Event::default().data(data)), chunks))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(SILENCE)).into_response()
}

impl Chunks {
    async fn next(&mut self) -> Option<String> {
        while self.ready.is_empty() && !self.is_over {
            match self.answering.next().await {
                Heard::Text(text) => self.say(&text),
                Heard::End(rest, ended) => {
                    self.say(&rest);
                    self.end(ended);
                }
            }
        }
        self.ready.pop_front()
    }

    fn say(&mut self, text: &str) {
        if !text.is_empty() {
            self.push(&json!({"content": text}), None);
        }
    }

    fn end(&mut self, ended: Result<Answer, Refusal>) {
        self.is_over = true;
        match ended {
            Ok(answer) => {
                self.push(&json!({}), Some("stop"));
                if self.with_usage {
                    let choices = json!([]);
                    self.push_chunk(choices, &answer.usage());
                }
                self.ready.push_back(DONE.to_owned());
            }
            Err(refusal) => self.ready.push_back(refusal.body().to_string()),
        }
    }

    fn push(&mut self, delta: &Value, finish_reason: Option<&str>) {
        let choice = json!({
            "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason,
        });
        self.push_chunk(json!([choice]), &Value::Null);
    }

    fn push_chunk(&mut self, choices: Value, usage: &Value) {
        let mut chunk = self.head.object("chat.completion.chunk");
        chunk["choices"] = choices;
        if self.with_usage {
            chunk["usage"] = usage.clone();
        }
        self.ready.push_back(chunk.to_string());
    }
}
