use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{
    ChannelError, Delta, ErrorKind, OutboundKind, OutboundMessage, Receipt, StreamEnd,
    StreamOutcome,
};

use crate::WebHub;
use crate::conversation_id::is_valid_id;
use crate::entry::{Author, Draft, Entry, FileNote};
use crate::lock::lock;
use crate::protocol::HubFrame;
use crate::store::{Slot, StoreError};
use crate::transcript::Appended;

impl WebHub {
    /// Delivers a message to the pages; what is more than a sign of life is stored first.
    pub(crate) async fn deliver(
        self: &Arc<Self>,
        message: OutboundMessage,
    ) -> Result<Receipt, ChannelError> {
        self.check_chat(&message.chat_id)?;
        let from = match message.kind {
            OutboundKind::Progress | OutboundKind::ToolHint => {
                self.show_progress(&message);
                return Ok(Receipt::default());
            }
            OutboundKind::Final => Author::Agent,
            OutboundKind::Notice => Author::Notice,
        };
        let draft = Draft {
            id: message.delivery_id,
            from,
            text: message.text,
            outcome: None,
            files: message.attachments.iter().map(FileNote::from).collect(),
        };
        self.store_answer(&message.chat_id, draft).await
    }

    /// Takes a step of a stream: shows it, and at the end stores the whole text.
    pub(crate) async fn stream(
        self: &Arc<Self>,
        delta: Delta<'_>,
    ) -> Result<Receipt, ChannelError> {
        self.check_chat(delta.chat_id)?;
        let Some(end) = delta.end else {
            self.show_piece(&delta);
            return Ok(Receipt::default());
        };
        let draft = Draft {
            id: delta.delivery_id.to_owned(),
            from: Author::Agent,
            text: delta.text.to_owned(),
            outcome: unusual_outcome(end),
            files: Vec::new(),
        };
        self.store_answer(delta.chat_id, draft).await
    }

    /// Stores a message and shows it to the pages that watch its conversation. Blocks.
    ///
    /// The conversation is held until the frames are in the queues, so that every page sees the
    /// messages in the order of the file.
    pub(crate) fn append(&self, slot: &Slot, draft: Draft) -> Result<u64, StoreError> {
        let mut held = self.store.hold(slot)?;
        let id = draft.id.clone();
        let seq = match held.append(draft)? {
            Appended::Known(seq) => {
                self.end_stream(&slot.chat, &id);
                seq
            }
            Appended::New(entry) => {
                self.show_entry(&slot.chat, &entry);
                if let Some(row) = held.row() {
                    self.connections.to_all(&HubFrame::Conversation(&row));
                }
                entry.seq
            }
        };
        drop(held);
        self.remove_surplus();
        Ok(seq)
    }

    fn check_chat(&self, chat: &str) -> Result<(), ChannelError> {
        if !is_valid_id(chat) {
            return Err(ChannelError::new(
                ErrorKind::NotFound,
                "this is not the id of a conversation on the page",
            ));
        }
        if self.store.is_deleted(chat) {
            return Err(delivery_error(StoreError::Deleted));
        }
        Ok(())
    }

    async fn store_answer(
        self: &Arc<Self>,
        chat: &str,
        draft: Draft,
    ) -> Result<Receipt, ChannelError> {
        if draft.text.trim().is_empty() && draft.files.is_empty() {
            self.end_stream(chat, &draft.id);
            return Ok(Receipt::default());
        }
        let slot = self.store.slot(chat);
        wait_for_the_question(&slot).await;
        let hub = Arc::clone(self);
        let stored = tokio::task::spawn_blocking(move || hub.append(&slot, draft));
        match stored.await {
            Ok(Ok(seq)) => Ok(Receipt::with_id(seq.to_string())),
            Ok(Err(error)) => Err(delivery_error(error)),
            Err(error) => {
                Err(ChannelError::internal("failed to store the message").with_source(error))
            }
        }
    }

    fn show_progress(&self, message: &OutboundMessage) {
        let frame =
            HubFrame::Progress { chat: &message.chat_id, kind: message.kind, text: &message.text };
        self.connections.to_viewers(&message.chat_id, &frame);
    }

    fn show_piece(&self, delta: &Delta<'_>) {
        // Held until the piece is in the queues: a page that opens the conversation gets it either
        // in the text so far or as a piece, never in both and never in neither.
        let mut streams = lock(&self.streams);
        let piece = streams.advance(delta);
        let frame = HubFrame::Piece {
            chat: delta.chat_id,
            stream: delta.stream_id,
            offset: piece.offset,
            text: piece.text,
        };
        self.connections.to_viewers(delta.chat_id, &frame);
    }

    fn show_entry(&self, chat: &str, entry: &Entry) {
        let mut streams = lock(&self.streams);
        let stream = match entry.draft.from {
            Author::User => None,
            Author::Agent | Author::Notice => streams.end(&entry.draft.id),
        };
        let frame = HubFrame::Message { chat, message: entry, stream };
        self.connections.to_viewers(chat, &frame);
    }

    /// Ends a stream that leaves no message, or one that is there already.
    fn end_stream(&self, chat: &str, delivery_id: &str) {
        let mut streams = lock(&self.streams);
        if let Some(stream) = streams.end(delivery_id) {
            let stream = &stream;
            self.connections.to_viewers(chat, &HubFrame::StreamEnd { chat, stream });
        }
    }

    fn remove_surplus(&self) {
        for chat in self.store.surplus() {
            let slot = self.store.slot(&chat);
            let removed = self.store.hold(&slot).and_then(|mut held| {
                held.remove()?;
                self.connections.to_all(&HubFrame::Deleted { chat: &chat });
                Ok(())
            });
            if let Err(error) = removed {
                tracing::warn!(error = %error, "Failed to remove an old conversation.");
            }
        }
    }
}

/// Waits while a message of the person is being handed over: a fast agent may answer before the
/// question is in the transcript. Bounded, because order is worth less than the answer.
async fn wait_for_the_question(slot: &Slot) {
    const LONGEST: Duration = Duration::from_secs(5);
    let _ = tokio::time::timeout(LONGEST, slot.handing_over.lock()).await;
}

fn unusual_outcome(end: StreamEnd) -> Option<StreamOutcome> {
    Some(end.outcome).filter(|outcome| *outcome != StreamOutcome::Complete)
}

/// A full disk may have room again later, so it is like a platform that cannot be reached.
fn delivery_error(error: StoreError) -> ChannelError {
    match error {
        StoreError::Deleted => ChannelError::new(ErrorKind::NotFound, error.to_string()),
        StoreError::Io(error) => {
            ChannelError::network("failed to write the transcript").with_source(error)
        }
    }
}
