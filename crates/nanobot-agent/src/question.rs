//! What a question to a model is made of.

use std::sync::Arc;

use crate::history::{cost_of, newest_turns, rounds_of_turn};
use crate::images::read_images;
use crate::message::Message;
use crate::provider::{Image, ModelRequest, PastMessage, ToolSpec};
use crate::turn::Turn;

/// Endings of the names of pictures.
const IMAGES: [&str; 5] = ["png", "jpg", "jpeg", "gif", "webp"];

/// What stays the same for all questions of a turn.
pub(crate) struct Surroundings<'t> {
    pub(crate) system: Arc<str>,
    pub(crate) moment: String,
    pub(crate) said: &'t str,
    pub(crate) history: &'t [Message],
    pub(crate) tools: Vec<Arc<ToolSpec>>,
    pub(crate) tool_chars: usize,
    pub(crate) images: Vec<Image>,
}

/// What a question is made of beside them.
pub(crate) struct Parts<'t> {
    history: Vec<PastMessage<'t>>,
    rounds: Vec<PastMessage<'t>>,
}

impl Parts<'_> {
    pub(crate) fn has_past(&self) -> bool {
        !self.history.is_empty() || !self.rounds.is_empty()
    }
}

impl Surroundings<'_> {
    pub(crate) fn fixed_chars(&self) -> usize {
        self.system.len() + self.moment.len() + self.said.len() + self.tool_chars
    }

    /// The rounds of this turn come first when there is little room, then the newest turns.
    pub(crate) fn parts<'r>(&'r self, rounds: &'r [Message], budget_chars: usize) -> Parts<'r> {
        let rounds = rounds_of_turn(rounds, budget_chars);
        let left = budget_chars.saturating_sub(cost_of(&rounds));
        Parts { history: newest_turns(self.history, left), rounds }
    }

    pub(crate) fn request<'r>(&'r self, parts: &'r Parts<'r>) -> ModelRequest<'r> {
        ModelRequest {
            system: &self.system,
            history: &parts.history,
            context: &self.moment,
            text: self.said,
            images: &self.images,
            rounds: &parts.rounds,
            tools: &self.tools,
        }
    }
}

/// Off the runtime's threads, since files are read.
pub(crate) async fn images_of(turn: &Turn) -> Vec<Image> {
    if turn.attachments.is_empty() {
        return Vec::new();
    }
    let attachments = turn.attachments.clone();
    tokio::task::spawn_blocking(move || read_images(&attachments)).await.unwrap_or_default()
}

/// The text of a message with a mark for each attachment that the channel has not marked itself.
pub(crate) fn user_text(turn: &Turn) -> String {
    let mut text = turn.text.clone();
    for attachment in turn.attachments.iter().filter(|one| !turn.text.contains(one.as_str())) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("[{}: {attachment}]", kind_of(attachment)));
    }
    if text.trim().is_empty() { "[empty message]".to_owned() } else { text }
}

fn kind_of(attachment: &str) -> &'static str {
    let (_, extension) = attachment.rsplit_once('.').unwrap_or_default();
    let is_image = IMAGES.iter().any(|image| extension.eq_ignore_ascii_case(image));
    if is_image { "image" } else { "file" }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::turn::Sender;

    #[test]
    fn attachments_are_marked_once() {
        #[track_caller]
        fn check(text: &str, attachments: &[&str], expected: &str) {
            let turn = Turn {
                session: String::new(),
                model: None,
                channel: String::new(),
                chat_id: String::new(),
                sender: Sender::default(),
                text: text.to_owned(),
                attachments: attachments.iter().map(|&one| one.to_owned()).collect(),
                history: Vec::new(),
                cancel: CancellationToken::new(),
            };
            assert_eq!(user_text(&turn), expected);
        }
        check("look", &["/tmp/a.pdf"], "look\n[file: /tmp/a.pdf]");
        check("look [image: /tmp/a.png]", &["/tmp/a.png"], "look [image: /tmp/a.png]");
        check("", &["https://host/a", "/b.JPG"], "[file: https://host/a]\n[image: /b.JPG]");
        check(" ", &[], "[empty message]");
    }
}
