//! Says the reply of a turn piece by piece and remembers what was said.

use crate::provider::Delta;
use crate::think::ThinkFilter;
use crate::turn::TurnEvents;

/// Passes what a model says on to the person.
pub(crate) struct Voice<'e> {
    events: &'e dyn TurnEvents,
    filter: ThinkFilter,
    piece: String,
    reply: String,
}

impl<'e> Voice<'e> {
    pub(crate) fn new(events: &'e dyn TurnEvents) -> Self {
        Self { events, filter: ThinkFilter::default(), piece: String::new(), reply: String::new() }
    }

    /// Takes a piece from the model.
    pub(crate) fn hear(&mut self, delta: Delta<'_>) {
        if let Delta::Text(text) = delta {
            self.piece.clear();
            self.filter.push(text, &mut self.piece);
            self.say_piece();
        }
    }

    /// Ends what the model says, and is ready for the next answer.
    pub(crate) fn end_answer(&mut self) {
        self.piece.clear();
        self.filter.finish(&mut self.piece);
        self.say_piece();
        self.filter = ThinkFilter::default();
    }

    /// Forgets what was heard of an answer of which nothing was said yet, before it is asked for
    /// again.
    pub(crate) fn restart_answer(&mut self) {
        self.filter = ThinkFilter::default();
    }

    /// Says something of our own, apart from what was said before.
    pub(crate) fn say(&mut self, notice: &str) {
        self.piece.clear();
        if self.has_spoken() {
            self.piece.push_str("\n\n");
        }
        self.piece.push_str(notice);
        self.say_piece();
    }

    pub(crate) fn has_spoken(&self) -> bool {
        !self.reply.is_empty()
    }

    pub(crate) fn reply(&self) -> &str {
        &self.reply
    }

    pub(crate) fn into_reply(self) -> String {
        self.reply
    }

    pub(crate) fn progress(&self, text: &str) {
        self.events.progress(text);
    }

    fn say_piece(&mut self) {
        if !self.piece.is_empty() {
            self.reply.push_str(&self.piece);
            self.events.text(&self.piece);
        }
    }
}
