use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt, future};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, timeout};

use crate::WebHub;
use crate::commands::Commands;
use crate::connections::Queue;
use crate::protocol::{HubFrame, PageFrame};

/// How long a page may take to say hello.
const GREETING: Duration = Duration::from_secs(10);
/// How often the page's browser is asked for a sign of life.
const PING: Duration = Duration::from_secs(30);
/// How long a page may give no sign of life.
const SILENCE: Duration = Duration::from_secs(90);
/// Most requests of one page that wait; a page that asks for more is read more slowly.
const MAX_WAITING: usize = 32;
/// Close code for a missing or wrong token.
const DENIED: u16 = 4401;

/// The whole life of one page's connection.
pub(crate) async fn serve(hub: Arc<WebHub>, socket: WebSocket) {
    tokio::select! {
        () = talk(&hub, socket) => {}
        () = hub.closed() => {}
    }
}

async fn talk(hub: &Arc<WebHub>, mut socket: WebSocket) {
    if !greet(hub, &mut socket).await {
        return;
    }
    let (page, queue) = hub.connections.join();
    hub.welcome(&page.outbox);
    let outbox = page.outbox.clone();
    let commands = Commands::new(Arc::clone(hub), page);
    let (sink, stream) = socket.split();
    let (requests, waiting) = mpsc::channel(MAX_WAITING);
    tokio::select! {
        // Reading ends first, serving when all that was read is served.
        _ = future::join(read(&commands, stream, requests), commands.serve_all(waiting)) => {}
        () = write(queue, sink) => {}
        () = outbox.overflowed() => {
            tracing::debug!("Disconnected a page that reads too slowly.");
        }
    }
}

/// Waits for `hello`; false if the page may not stay.
async fn greet(hub: &WebHub, socket: &mut WebSocket) -> bool {
    let Ok(Some(Ok(Message::Text(text)))) = timeout(GREETING, socket.recv()).await else {
        return false;
    };
    let Ok(PageFrame::Hello { token }) = serde_json::from_str(&text) else {
        return false;
    };
    if hub.access.is_token_right(token.as_deref()) {
        return true;
    }
    let reason = if token.is_none_or(|token| token.is_empty()) {
        "token_missing"
    } else {
        tracing::warn!("Refused a page with a wrong token.");
        "token_wrong"
    };
    let _ = timeout(GREETING, deny(socket, reason)).await;
    false
}

async fn deny(socket: &mut WebSocket, reason: &'static str) -> Result<(), axum::Error> {
    let frame = HubFrame::Denied { reason }.encode();
    socket.send(Message::Text(frame)).await?;
    let close = CloseFrame { code: DENIED, reason: reason.into() };
    socket.send(Message::Close(Some(close))).await
}

/// Passes on what the page asks for until it leaves or falls silent. Signs of life are answered at
/// once, however long the gateway takes for a message.
async fn read(
    commands: &Commands,
    mut stream: SplitStream<WebSocket>,
    requests: mpsc::Sender<PageFrame>,
) {
    while let Ok(Some(Ok(message))) = timeout(SILENCE, stream.next()).await {
        match message {
            Message::Text(text) => pass_on(commands, &text, &requests).await,
            Message::Close(_) => return,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

async fn pass_on(commands: &Commands, text: &str, requests: &mpsc::Sender<PageFrame>) {
    match serde_json::from_str(text) {
        Ok(PageFrame::Ping) => commands.answer_ping(),
        Ok(frame) => {
            // Nobody serves any more only when the connection is ending anyway.
            let _ = requests.send(frame).await;
        }
        Err(error) => commands.complain(&format!("this frame makes no sense: {error}")),
    }
}

/// Writes what waits for the page, as much as there is at a time.
async fn write(mut queue: Queue, mut sink: SplitSink<WebSocket, Message>) {
    let mut ping = interval_at(Instant::now() + PING, PING);
    let mut frames = Vec::new();
    loop {
        let written = tokio::select! {
            () = queue.next(&mut frames) => {
                let bytes = frames.iter().map(|frame| frame.len()).sum();
                let all = frames.drain(..).map(|frame| Ok(Message::Text(frame)));
                let written = sink.send_all(&mut futures_util::stream::iter(all)).await;
                queue.written(bytes);
                written
            }
            _ = ping.tick() => sink.send(Message::Ping(axum::body::Bytes::new())).await,
        };
        if written.is_err() {
            return;
        }
    }
}
