use anyhow::Context;
use bytes::BytesMut;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use memchr::memmem;
use serde::Deserialize;

/// The pieces of an answer that is streamed.
pub(super) struct Events {
    body: Incoming,
    unread: BytesMut,
}

#[derive(Deserialize)]
struct Event {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
}

impl Events {
    pub(super) fn of(body: Incoming) -> Self {
        Self { body, unread: BytesMut::new() }
    }

    /// The next piece of text; `None` at the end.
    pub(super) async fn next(&mut self) -> anyhow::Result<Option<String>> {
        loop {
            while let Some(end) = memmem::find(&self.unread, b"\n\n") {
                let event = self.unread.split_to(end + 2);
                if let Some(text) = text(&event)? {
                    return Ok(Some(text));
                }
            }
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            if let Ok(data) = frame.context("failed to read an answer")?.into_data() {
                self.unread.extend_from_slice(&data);
            }
        }
    }
}

fn text(event: &[u8]) -> anyhow::Result<Option<String>> {
    let data = event.strip_prefix(b"data: ").context("an event without data")?;
    if data.starts_with(b"[DONE]") {
        return Ok(None);
    }
    let event: Event = serde_json::from_slice(data).context("an event that is not JSON")?;
    Ok(event.choices.into_iter().next().and_then(|choice| choice.delta.content))
}
