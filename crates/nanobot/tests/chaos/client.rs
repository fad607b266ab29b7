use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a client waits for an answer before it sends the message again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the webhook answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) is_duplicate: bool,
}

/// The text of a message, from which a reply can be recognised: the model repeats it.
pub(crate) fn text_of(message: &str) -> String {
    format!("say <<{message}>> and then some more words")
}

/// The message that a reply answers.
pub(crate) fn message_in(text: &str) -> &str {
    let inner = text.split_once("<<").and_then(|(_, rest)| rest.split_once(">>"));
    inner.map_or(text, |(message, _)| message)
}

/// Posts a message; its name is its event id.
pub(crate) async fn post(port: u16, chat: &str, message: &str) -> io::Result<Answer> {
    let body = json!({
        "sender": "ada", "chat_id": chat, "event_id": message, "text": text_of(message),
    })
    .to_string();
    timeout(PATIENCE, exchange(port, &body)).await.map_err(io::Error::from)?
}

async fn exchange(port: u16, body: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let length = body.len();
    let request = format!(
        "POST /message HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let is_duplicate = answer.ends_with(r#""duplicate":true}"#);
    // Cut off within the answer is no answer.
    let is_whole = answer.ends_with('}');
    let status = status.filter(|_| is_whole).ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Answer { status, is_duplicate })
}
