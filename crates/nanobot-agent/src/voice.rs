//! Says the reply of a turn piece by piece and remembers what was said.

use crate::interjections::Interjections;
use crate::message::Message;
use crate::provider::Delta;
use crate::think::ThinkFilter;
use crate::turn::TurnEvents;

/// Passes what a model says on to the person.
pub(crate) struct Voice<'e> {
    events: &'e dyn TurnEvents,
    filter: ThinkFilter,
    piece: String,
    reply: String,
    /// What was said while muted.
    unsaid: String,
    is_muted: bool,
    reasoning: String,
}

impl<'e> Voice<'e> {
    pub(crate) fn new(events: &'e dyn TurnEvents) -> Self {
        Self {
            events,
            filter: ThinkFilter::default(),
            piece: String::new(),
            reply: String::new(),
            unsaid: String::new(),
            is_muted: false,
            reasoning: String::new(),
        }
    }

    /// From now on, what the model says is for the history only, or for the person again. A person
    /// who has got the answer as a message must not get it twice.
    pub(crate) fn mute(&mut self, is_muted: bool) {
        self.is_muted = is_muted;
    }

    /// Takes a piece from the model.
    pub(crate) fn hear(&mut self, delta: Delta<'_>) {
        match delta {
            Delta::Text(text) => {
                self.piece.clear();
                self.filter.push(text, &mut self.piece);
                self.say_piece();
            }
            Delta::Reasoning(text) => self.reasoning.push_str(text),
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
        self.unsaid.clear();
        self.reasoning.clear();
    }

    /// Says something of our own, apart from what was said before.
    pub(crate) fn say(&mut self, notice: &str) {
        self.is_muted = false;
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

    /// What the model said in this segment, heard or not.
    pub(crate) fn words(&self) -> &str {
        if self.has_spoken() { &self.reply } else { &self.unsaid }
    }

    pub(crate) fn into_reply(self) -> String {
        self.reply
    }

    /// Ends the segment before tools are used; returns what was said in it.
    pub(crate) fn end_segment(&mut self) -> String {
        if self.has_spoken() {
            self.events.segment_end(true);
        }
        let words = self.words().to_owned();
        self.reply.clear();
        self.unsaid.clear();
        words
    }

    /// Ends the last segment.
    pub(crate) fn end_last_segment(&self) {
        if self.has_spoken() {
            self.events.segment_end(false);
        }
    }

    pub(crate) fn tool_hint(&self, hint: &str) {
        self.events.tool_hint(hint);
    }

    /// What is said to the turn meanwhile.
    pub(crate) fn interjections(&self) -> Option<&'e dyn Interjections> {
        self.events.interjections()
    }

    pub(crate) fn checkpoint(&self, entries: &[Message]) {
        self.events.checkpoint(entries);
    }

    /// Reasoning that stood beside the answer; it is taken.
    pub(crate) fn take_reasoning(&mut self) -> String {
        std::mem::take(&mut self.reasoning)
    }

    pub(crate) fn progress(&self, text: &str) {
        self.events.progress(text);
    }

    fn say_piece(&mut self) {
        if self.is_muted {
            self.unsaid.push_str(&self.piece);
        } else if !self.piece.is_empty() {
            self.reply.push_str(&self.piece);
            self.events.text(&self.piece);
        }
    }
}
