use crate::marker;

/// Words of an answer.
const WORDS: [&str; 8] = [" the", " quick", " brown", " fox", " jumps", " over", " lazy", " dogs"];

/// How long an answer is, and in how many pieces it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Pieces of an answer that is streamed; at least 1.
    pub(crate) deltas: usize,
    /// Words in each piece but the first, which holds the mark of the message.
    pub(crate) words_per_delta: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { deltas: 16, words_per_delta: 1 }
    }
}

impl Shape {
    /// The answer to a message, which is the same whether it is streamed or not.
    pub(crate) fn text(self, number: u64) -> String {
        (0..self.deltas).map(|index| self.delta(number, index)).collect()
    }

    fn delta(self, number: u64, index: usize) -> String {
        if index == 0 {
            return format!("Answer to {}", marker::of(number));
        }
        let first = (index - 1) * self.words_per_delta;
        (first..first + self.words_per_delta).map(|word| WORDS[word % WORDS.len()]).collect()
    }

    /// Body of an answer that is not streamed.
    pub(super) fn whole(self, number: u64) -> String {
        // No word needs an escape.
        let text = self.text(number);
        format!(
            r#"{{"id":"fake","object":"chat.completion","created":0,"model":"fake-model","choices":[{{"index":0,"finish_reason":"stop","message":{{"role":"assistant","content":"{text}"}}}}],"usage":{{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}}}"#
        )
    }

    /// Each event of an answer that is streamed; `None` after the last.
    pub(super) fn frame(self, number: u64, index: usize) -> Option<String> {
        if index < self.deltas {
            let delta = self.delta(number, index);
            let choice = format!(r#"{{"role":"assistant","content":"{delta}"}}"#);
            return Some(event(&choice, "null", ""));
        }
        match index - self.deltas {
            0 => {
                let usage =
                    r#","usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}"#;
                Some(event("{}", r#""stop""#, usage))
            }
            1 => Some("data: [DONE]\n\n".to_owned()),
            _ => None,
        }
    }
}

fn event(delta: &str, finish_reason: &str, usage: &str) -> String {
    format!(
        "data: {{\"id\":\"fake\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"fake-model\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish_reason}}}]{usage}}}\n\n"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn pieces_make_the_whole() {
        let shape = Shape { deltas: 5, words_per_delta: 3 };
        let whole: Value = serde_json::from_str(&shape.whole(7)).unwrap();
        let frames: Vec<String> = (0..).map_while(|index| shape.frame(7, index)).collect();
        let (done, events) = frames.split_last().unwrap();
        assert_eq!(done, "data: [DONE]\n\n");
        let text: String = events
            .iter()
            .map(|event| event.strip_prefix("data: ").unwrap())
            .map(|event| serde_json::from_str::<Value>(event).unwrap())
            .filter_map(|event| {
                event["choices"][0]["delta"]["content"].as_str().map(ToOwned::to_owned)
            })
            .collect();
        assert_eq!(text, whole["choices"][0]["message"]["content"]);
        assert_eq!(text, shape.text(7));
        assert_eq!(marker::last(text.as_bytes()), Some(7));
    }
}
