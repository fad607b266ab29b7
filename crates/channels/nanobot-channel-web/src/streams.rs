use nanobot_channel::Delta;

/// The texts that are being written right now, oldest first.
#[derive(Default)]
pub(crate) struct Streams {
    open: Vec<Stream>,
}

/// One text that is being written.
pub(crate) struct Stream {
    pub(crate) id: String,
    pub(crate) chat: String,
    delivery_id: String,
    pub(crate) text: String,
    /// Length of `text` as browsers count, so that no step has to count the whole text again.
    utf16_len: usize,
}

/// What a page has to add to a stream's text.
pub(crate) struct Piece<'a> {
    pub(crate) offset: usize,
    pub(crate) text: &'a str,
}

impl Streams {
    /// More open streams than this are streams whose end was lost.
    const MAX_OPEN: usize = 256;

    /// Takes a step of a stream and says what is new in it.
    ///
    /// A text that does not go on from the one before (which the gateway never sends) starts again
    /// at offset 0.
    pub(crate) fn advance<'a>(&mut self, delta: &Delta<'a>) -> Piece<'a> {
        let stream = self.find_or_open(delta);
        let expected = delta.text.len().checked_sub(delta.piece.len());
        let new = if expected == Some(stream.text.len()) {
            delta.piece
        } else if let Some(rest) = delta.text.strip_prefix(stream.text.as_str()) {
            rest
        } else {
            stream.text.clear();
            stream.utf16_len = 0;
            delta.text
        };
        let offset = stream.utf16_len;
        stream.text.push_str(new);
        stream.utf16_len += new.encode_utf16().count();
        Piece { offset, text: new }
    }

    /// Ends the stream that became this delivery, and returns its id.
    pub(crate) fn end(&mut self, delivery_id: &str) -> Option<String> {
        let position = self.open.iter().position(|stream| stream.delivery_id == delivery_id)?;
        Some(self.open.remove(position).id)
    }

    /// Forgets the streams of a conversation.
    pub(crate) fn forget(&mut self, chat: &str) {
        self.open.retain(|stream| stream.chat != chat);
    }

    /// The streams of a conversation.
    pub(crate) fn of<'a>(&'a self, chat: &'a str) -> impl Iterator<Item = &'a Stream> {
        self.open.iter().filter(move |stream| stream.chat == chat)
    }

    fn find_or_open(&mut self, delta: &Delta<'_>) -> &mut Stream {
        let known = self.open.iter().position(|s| s.id == delta.stream_id);
        let position = known.unwrap_or_else(|| {
            if self.open.len() == Self::MAX_OPEN {
                self.open.remove(0);
            }
            self.open.push(Stream::new(delta));
            self.open.len() - 1
        });
        &mut self.open[position]
    }
}

impl Stream {
    fn new(delta: &Delta<'_>) -> Self {
        Self {
            id: delta.stream_id.to_owned(),
            chat: delta.chat_id.to_owned(),
            delivery_id: delta.delivery_id.to_owned(),
            text: String::new(),
            utf16_len: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use nanobot_channel::Metadata;

    use super::*;

    #[track_caller]
    fn check(streams: &mut Streams, text: &str, piece: &str, expected: (usize, &str)) {
        let metadata = Metadata::new();
        let step = streams.advance(&Delta {
            stream_id: "s",
            delivery_id: "d",
            chat_id: "c",
            thread_id: None,
            text,
            piece,
            end: None,
            reply_to: None,
            metadata: &metadata,
        });
        assert_eq!((step.offset, step.text), expected);
        assert_eq!(streams.of("c").next().unwrap().text, text);
    }

    #[test]
    fn offsets_count_utf16_units() {
        let mut streams = Streams::default();
        check(&mut streams, "a😀", "a😀", (0, "a😀"));
        check(&mut streams, "a😀é", "é", (3, "é"));
        check(&mut streams, "a😀éz", "z", (4, "z"));
    }

    #[test]
    fn missed_step_is_made_good_by_the_next() {
        let mut streams = Streams::default();
        check(&mut streams, "one", "one", (0, "one"));
        check(&mut streams, "one two three", " three", (3, " two three"));
    }

    #[test]
    fn text_that_does_not_go_on_starts_again() {
        let mut streams = Streams::default();
        check(&mut streams, "one", "one", (0, "one"));
        check(&mut streams, "another", "her", (0, "another"));
    }

    #[test]
    fn ended_stream_is_gone() {
        let mut streams = Streams::default();
        check(&mut streams, "one", "one", (0, "one"));
        assert_eq!(streams.end("d").as_deref(), Some("s"));
        assert_eq!(streams.end("d"), None);
        assert_eq!(streams.of("c").count(), 0);
    }
}
