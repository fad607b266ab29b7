use std::sync::Arc;

use tokio::sync::mpsc;

use crate::WebHub;
use crate::connections::Membership;
use crate::conversation_id::is_valid_id;
use crate::entry::Entry;
use crate::lock::lock;
use crate::protocol::{HubFrame, PageFrame};
use crate::store::{Held, StoreError};

/// What one page asks for, served in the order it asks.
pub(crate) struct Commands {
    hub: Arc<WebHub>,
    page: Arc<Membership>,
}

/// The newest messages that fit into one frame.
struct Newest {
    messages: Vec<Entry>,
    /// Whether there are older ones.
    earlier: bool,
}

impl Commands {
    pub(crate) fn new(hub: Arc<WebHub>, page: Membership) -> Self {
        Self { hub, page: Arc::new(page) }
    }

    pub(crate) async fn serve_all(&self, mut requests: mpsc::Receiver<PageFrame>) {
        while let Some(request) = requests.recv().await {
            self.serve(request).await;
        }
    }

    pub(crate) fn answer_ping(&self) {
        self.page.outbox.push(&HubFrame::Pong);
    }

    pub(crate) fn complain(&self, text: &str) {
        self.page.outbox.push(&HubFrame::Error { text });
    }

    async fn serve(&self, request: PageFrame) {
        match request {
            PageFrame::Hello { .. } | PageFrame::Ping => {}
            PageFrame::Send { chat, id, text } => self.send(&chat, id, text).await,
            PageFrame::Open { chat, after } => {
                let open = move |hub: &WebHub, page: &Membership, held: Held<'_>, chat: &str| {
                    hub.open(page, &held, chat, after)
                };
                self.with_conversation(chat, open).await;
            }
            PageFrame::Earlier { chat, before } => {
                let look = move |hub: &WebHub, page: &Membership, held: Held<'_>, chat: &str| {
                    hub.look_back(page, &held, chat, before)
                };
                self.with_conversation(chat, look).await;
            }
            PageFrame::Rename { chat, title } => {
                let rename = move |hub: &WebHub, _: &Membership, held: Held<'_>, _: &str| {
                    hub.rename(held, &title)
                };
                self.with_conversation(chat, rename).await;
            }
            PageFrame::Delete { chat } => {
                let delete = |hub: &WebHub, _: &Membership, held: Held<'_>, chat: &str| {
                    hub.delete(held, chat)
                };
                self.with_conversation(chat, delete).await;
            }
        }
    }

    async fn send(&self, chat: &str, id: String, text: String) {
        let taken = self.hub.take(chat, id.clone(), text).await;
        let id = &id;
        self.page.outbox.push(&match &taken {
            Ok(()) => HubFrame::Accepted { chat, id },
            Err(refusal) => HubFrame::Refused { chat, id, refusal },
        });
    }

    /// Does something with a conversation where it may block.
    async fn with_conversation<F>(&self, chat: String, work: F)
    where
        F: FnOnce(&WebHub, &Membership, Held<'_>, &str) -> Result<(), StoreError> + Send + 'static,
    {
        if !is_valid_id(&chat) {
            return self.complain("this is not the id of a conversation");
        }
        let (hub, page) = (Arc::clone(&self.hub), Arc::clone(&self.page));
        let done = tokio::task::spawn_blocking(move || {
            let slot = hub.store.slot(&chat);
            let held = hub.store.hold(&slot)?;
            work(&hub, &page, held, &chat)
        });
        match done.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.fail(&error),
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&self, error: &dyn std::error::Error) {
        tracing::warn!(error = %error, "Failed to serve a page.");
        self.complain(&error.to_string());
    }
}

impl WebHub {
    fn open(
        &self,
        page: &Membership,
        held: &Held<'_>,
        chat: &str,
        after: Option<u64>,
    ) -> Result<(), StoreError> {
        let mut newest = self.newest(held.read()?);
        let known = newest.messages.iter().position(|m| Some(m.seq) == after);
        if let Some(position) = known {
            newest.messages.drain(..=position);
        }
        let streams = lock(&self.streams);
        let history = HubFrame::History {
            chat,
            reset: known.is_none(),
            earlier: newest.earlier,
            messages: &newest.messages,
            streams: streams.of(chat).map(Into::into).collect(),
        };
        page.view(chat, &history);
        Ok(())
    }

    fn look_back(
        &self,
        page: &Membership,
        held: &Held<'_>,
        chat: &str,
        before: u64,
    ) -> Result<(), StoreError> {
        let mut messages = held.read()?;
        messages.retain(|message| message.seq < before);
        let Newest { messages, earlier } = self.newest(messages);
        page.outbox.push(&HubFrame::Earlier { chat, messages: &messages, earlier });
        Ok(())
    }

    fn rename(&self, mut held: Held<'_>, title: &str) -> Result<(), StoreError> {
        held.rename(title)?;
        if let Some(row) = held.row() {
            self.connections.to_all(&HubFrame::Conversation(&row));
        }
        Ok(())
    }

    fn delete(&self, mut held: Held<'_>, chat: &str) -> Result<(), StoreError> {
        self.store.mark_deleted(chat);
        held.remove()?;
        lock(&self.streams).forget(chat);
        self.connections.to_all(&HubFrame::Deleted { chat });
        Ok(())
    }

    fn newest(&self, mut messages: Vec<Entry>) -> Newest {
        const MAX_BYTES: usize = 1024 * 1024;
        let mut bytes = 0;
        let fitting = messages
            .iter()
            .rev()
            .take(self.limits.max_history)
            .take_while(|message| {
                let is_first = bytes == 0;
                bytes += message.draft.text.len() + 1;
                is_first || bytes <= MAX_BYTES
            })
            .count();
        let left_out = messages.len() - fitting;
        messages.drain(..left_out);
        Newest { messages, earlier: left_out > 0 }
    }
}
