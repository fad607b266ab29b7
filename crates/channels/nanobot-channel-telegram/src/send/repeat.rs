//! Messages that a person may have already.

use std::borrow::Cow;

use nanobot_channel_kit::Note;

use super::Speaker;
use super::target::Target;
use crate::api::ApiError;

/// Stands before the text, where no open code block can swallow it.
const MARK: &str = "_Sent again after an interruption:_";

impl Speaker {
    /// Takes up what an earlier process left of this answer; true if what is sent of it now may be a
    /// second copy.
    pub(super) async fn recall(&self, delivery: &str, target: &Target) -> bool {
        self.deliveries.adopt(delivery, target.question.as_deref()).await;
        self.deliveries.get(delivery).may_be_doubled()
    }

    /// Notes that a message is about to be sent.
    pub(super) async fn begin(&self, delivery: &str, target: &Target) {
        let question = target.question.clone();
        self.deliveries.note(Note::Begin { delivery: delivery.to_owned(), question }).await;
    }

    /// Notes that Telegram did not take a message, if that is certain.
    pub(super) async fn failed(&self, delivery: &str, error: &ApiError) {
        if error.left_nothing() {
            self.deliveries.note(Note::Refused { delivery: delivery.to_owned() }).await;
        }
    }

    /// Notes that all of a delivery is there.
    pub(super) async fn done(&self, delivery: &str) {
        self.deliveries.note(Note::Done { delivery: delivery.to_owned() }).await;
    }
}

/// The text, with the mark of a second copy if it may be one.
pub(super) fn marked(text: &str, may_be_doubled: bool) -> Cow<'_, str> {
    if may_be_doubled && !text.trim().is_empty() {
        format!("{MARK}\n\n{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_that_may_be_here_twice_says_so() {
        assert_eq!(marked("Hello.", false), "Hello.");
        assert_eq!(marked("Hello.", true), "_Sent again after an interruption:_\n\nHello.");
        assert_eq!(marked(" ", true), " ");
    }
}
