//! Messages that a person may have already.

use std::borrow::Cow;

use nanobot_channel::Metadata;
use serde_json::Value;

use super::Speaker;

/// What the gateway sets on a delivery whose outcome it does not know.
const POSSIBLE_DUPLICATE: &str = "_possible_duplicate";
/// Stands before the text, where no open code block can swallow it.
const MARK: &str = "_Sent again after an interruption:_";

impl Speaker {
    /// True if the text that is about to be sent may be a second copy, and is to say so.
    ///
    /// A message that is known is edited and never doubled; it keeps the mark that it was sent with.
    pub(super) fn is_repeat(&self, delivery: &str, metadata: &Metadata) -> bool {
        let is_unknown = metadata.get(POSSIBLE_DUPLICATE).and_then(Value::as_bool);
        let known = self.deliveries.get(delivery).parts;
        known.first().map_or(is_unknown.unwrap_or_default(), |part| part.is_repeat)
    }
}

/// The text, with the mark if it is to have one.
pub(super) fn marked(text: &str, is_repeat: bool) -> Cow<'_, str> {
    if is_repeat && !text.trim().is_empty() {
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
