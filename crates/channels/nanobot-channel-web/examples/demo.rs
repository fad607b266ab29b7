//! The chat page with a pretended agent, for working on the page:
//! `cargo run -p nanobot-channel-web --example demo -- [port] [state folder] [token]`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{
    Acceptance, Channel, ChannelContext, ChannelError, ChannelStatus, Delta, InboundMessage, Inbox,
    Metadata, OutboundKind, OutboundMessage, Sender, StreamEnd, StreamOutcome, async_trait,
};
use nanobot_channel_web::{HubOptions, WebChannel, WebHub};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const ANSWER: &str = include_str!("answer.md");

/// Answers every message with the same text, word by word.
struct Agent {
    channel: Arc<WebChannel>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().map_or(Ok(8080), |port| port.parse())?;
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let mut options = HubOptions::new(&folder);
    options.token = arguments.next().map(Into::into);
    let hub = WebHub::new(options)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    hub.set_bound(listener.local_addr()?);

    let channel = Arc::new(WebChannel::new(Arc::clone(&hub)));
    let agent = Arc::new(Agent { channel: Arc::clone(&channel) });
    let cx = ChannelContext::new("web", folder.clone(), folder, CancellationToken::new(), agent);
    let app = hub.router().into_make_service_with_connect_info::<SocketAddr>();
    let (ran, served) = tokio::join!(channel.run(cx), async { axum::serve(listener, app).await });
    ran?;
    Ok(served?)
}

#[async_trait]
impl Inbox for Agent {
    async fn handle_message(&self, message: InboundMessage) -> Result<Acceptance, ChannelError> {
        let channel = Arc::clone(&self.channel);
        tokio::spawn(async move { answer(&channel, &message).await });
        Ok(Acceptance::Accepted)
    }

    async fn is_allowed(&self, _: Sender) -> Result<bool, ChannelError> {
        Ok(true)
    }

    fn report(&self, _: ChannelStatus) {}
}

async fn answer(channel: &WebChannel, question: &InboundMessage) -> Result<(), ChannelError> {
    let id = question.event_id.as_deref().unwrap_or_default();
    let (stream_id, delivery_id) = (format!("stream-{id}"), format!("delivery-{id}"));
    channel.send(progress(question, &delivery_id)).await?;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let mut text = String::new();
    let metadata = Metadata::new();
    let mut pieces = ANSWER.split_inclusive(' ').peekable();
    while let Some(piece) = pieces.next() {
        text.push_str(piece);
        let end = pieces
            .peek()
            .is_none()
            .then_some(StreamEnd { outcome: StreamOutcome::Complete, continues: false });
        let delta = Delta {
            stream_id: &stream_id,
            delivery_id: &delivery_id,
            chat_id: &question.chat_id,
            thread_id: None,
            text: &text,
            piece,
            end,
            reply_to: None,
            metadata: &metadata,
        };
        channel.send_delta(delta).await?;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    Ok(())
}

fn progress(question: &InboundMessage, delivery_id: &str) -> OutboundMessage {
    OutboundMessage {
        delivery_id: format!("{delivery_id}-progress"),
        chat_id: question.chat_id.clone(),
        thread_id: None,
        text: "Reading notes.md".to_owned(),
        kind: OutboundKind::ToolHint,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: Metadata::new(),
    }
}
