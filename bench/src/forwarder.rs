//! Passes messages to the model and answers to the callback, and does nothing else: what the tools
//! of this program can carry. It keeps nothing, and no order.

mod events;

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::http::{Body, Pool, Server, whole};
use events::Events;

/// Where to forward.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ForwarderArgs {
    /// Port to take messages on.
    #[arg(long)]
    port: u16,
    /// Address of the model server, as 127.0.0.1:8000.
    #[arg(long)]
    model: SocketAddr,
    /// Address to post answers to, as 127.0.0.1:9001.
    #[arg(long)]
    callback: SocketAddr,
    /// Post each piece of an answer, too.
    #[arg(long)]
    streaming: bool,
}

struct Forwarder {
    model: Pool,
    callback: Pool,
    is_streaming: bool,
    tasks: TaskTracker,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    chat_id: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
}

#[derive(Deserialize)]
struct Said {
    content: String,
}

/// Runs until it is ended from outside.
pub(crate) async fn run(args: ForwarderArgs) -> anyhow::Result<()> {
    start(&args).await?.ended().await;
    Ok(())
}

async fn start(args: &ForwarderArgs) -> anyhow::Result<Server> {
    let forwarder = Arc::new(Forwarder {
        model: Pool::to(args.model),
        callback: Pool::to(args.callback),
        is_streaming: args.streaming,
        tasks: TaskTracker::new(),
    });
    let handler = move |request| take(Arc::clone(&forwarder), request);
    Server::start(args.port, handler).await
}

async fn take(
    forwarder: Arc<Forwarder>,
    request: Request<Incoming>,
) -> anyhow::Result<Response<Body>> {
    let body = request.into_body().collect().await.context("failed to read a message")?.to_bytes();
    if serde_json::from_slice::<Message<'_>>(&body).is_err() {
        return Ok(whole(StatusCode::BAD_REQUEST, r#"{"ok":false}"#));
    }
    let forwarding = Arc::clone(&forwarder);
    forwarder.tasks.spawn(async move {
        // What fails is lost, and the tally says so: that is what this program stands for.
        let _ = forwarding.forward(&body).await;
    });
    Ok(whole(StatusCode::OK, r#"{"ok":true}"#))
}

impl Forwarder {
    async fn forward(&self, body: &Bytes) -> anyhow::Result<()> {
        let message: Message<'_> = serde_json::from_slice(body)?;
        let question = json!({
            "model": "fake-model", "stream": self.is_streaming,
            "messages": [{"role": "user", "content": message.text}],
        });
        let mut connection = self.model.take();
        let path = "/v1/chat/completions";
        let answer = connection.post(path, question.to_string().into()).await?;
        let text = if self.is_streaming {
            self.pass_on(&message.chat_id, Events::of(answer.into_body())).await?
        } else {
            let whole = answer.into_body().collect().await?.to_bytes();
            let completion: Completion = serde_json::from_slice(&whole)?;
            let choice = completion.choices.into_iter().next().context("no choice")?;
            choice.message.content
        };
        self.model.give_back(connection);
        self.reply(&message.chat_id, &text, true).await
    }

    /// Posts each piece as it comes; returns all of them together.
    async fn pass_on(&self, chat: &str, mut events: Events) -> anyhow::Result<String> {
        let mut text = String::new();
        while let Some(delta) = events.next().await? {
            text += &delta;
            self.reply(chat, &text, false).await?;
        }
        Ok(text)
    }

    async fn reply(&self, chat: &str, text: &str, is_final: bool) -> anyhow::Result<()> {
        let reply = json!({"chat_id": chat, "text": text, "final": is_final});
        let mut connection = self.callback.take();
        let answer = connection.post("/replies", reply.to_string().into()).await?;
        answer.into_body().collect().await?;
        self.callback.give_back(connection);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
