//! A channel over TCP: whoever connects says a name in the first line; each further line is a
//! message, and the answers come back as lines.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use nanobot_plugin::*;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// Longest line that is read, in bytes. Whoever sends a longer one is disconnected.
const MAX_LINE: u64 = 64 * 1024;
/// Most connections at once; others wait.
const MAX_CONNECTIONS: usize = 100;
/// How long somebody may take to read an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Section `channels.parley` of the config: the fields are its keys, in camelCase. The gateway
/// adds `enabled` and `allowFrom`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct Section {
    /// Address to listen on. There is no password: anybody who connects can take any name.
    host: String,
    /// Port to listen on; 0 lets the system choose.
    port: u16,
}

impl Default for Section {
    fn default() -> Self {
        Self { host: "127.0.0.1".into(), port: 9000 }
    }
}

impl ChannelConfig for Section {
    const NAME: &'static str = "parley";
    const DISPLAY_NAME: &'static str = "Parley";

    fn build(self) -> Result<Arc<dyn Channel>, ChannelError> {
        Ok(Arc::new(Lines { section: self, people: People::default() }))
    }
}

type Writer = Arc<Mutex<OwnedWriteHalf>>;

/// Who is connected, by name.
type People = Arc<Mutex<HashMap<String, Writer>>>;

struct Lines {
    section: Section,
    people: People,
}

#[async_trait]
impl Channel for Lines {
    /// Receives until the gateway stops the channel. An error is told to people, and the gateway
    /// starts the channel again after a pause.
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        let listener = self.listen().await?;
        let address = listener.local_addr().map_err(|error| {
            ChannelError::internal("failed to read the address").with_source(error)
        })?;
        cx.report(ChannelStatus::connected(format!("listening on {address}")));
        // Ends all conversations when it is dropped.
        let mut talks = JoinSet::new();
        loop {
            tokio::select! {
                () = cx.shutdown.cancelled() => return Ok(()),
                Some(_) = talks.join_next() => {}
                accepted = listener.accept(), if talks.len() < MAX_CONNECTIONS => {
                    let (stream, _) = accepted.map_err(|error| {
                        ChannelError::network("failed to take a connection").with_source(error)
                    })?;
                    talks.spawn(talk(stream, cx.clone(), self.people.clone()));
                }
            }
        }
    }

    /// Delivers one message. The kind of an error decides whether the gateway tries again.
    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let name = &message.chat_id;
        let Some(writer) = self.people.lock().await.get(name).cloned() else {
            let problem = format!("{name} is not connected");
            return Err(ChannelError::new(ErrorKind::NotReady, problem));
        };
        say(&writer, &message.text).await?;
        Ok(Receipt::default())
    }
}

impl Lines {
    async fn listen(&self) -> Result<TcpListener, ChannelError> {
        let Section { host, port } = &self.section;
        TcpListener::bind((host.as_str(), *port)).await.map_err(|error| {
            let problem = format!("failed to listen on {host}:{port} (channels.parley.port)");
            ChannelError::network(problem).with_source(error)
        })
    }
}

/// One connection, from its first line to its last.
async fn talk(stream: TcpStream, cx: ChannelContext, people: People) {
    let (reader, writer) = stream.into_split();
    let (mut reader, writer) = (BufReader::new(reader), Arc::new(Mutex::new(writer)));
    let Some(name) = next_line(&mut reader).await.filter(|name| !name.is_empty()) else {
        return;
    };
    people.lock().await.insert(name.clone(), writer.clone());
    while let Some(text) = next_line(&mut reader).await {
        if text.is_empty() {
            continue;
        }
        // Returns when the gateway has the message on its disk: only now it may be acknowledged to
        // a platform that wants that.
        let problem = match cx.handle_message(InboundMessage::new(&name, &name, text)).await {
            Ok(Acceptance::Denied) => "You are not on the allow-list.".to_owned(),
            Ok(_) => continue,
            Err(error) => format!("Please say that again later: {}", error.report()),
        };
        if say(&writer, &problem).await.is_err() {
            break;
        }
    }
    let mut people = people.lock().await;
    // Somebody may have connected with the name since.
    if people.get(&name).is_some_and(|current| Arc::ptr_eq(current, &writer)) {
        people.remove(&name);
    }
}

/// The next line without its end; nothing at the end of the connection, or of our patience.
async fn next_line(reader: &mut (impl AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line).await.ok()?;
    let is_whole = line.ends_with(b"\n");
    is_whole.then(|| String::from_utf8_lossy(&line).trim().to_owned())
}

async fn say(writer: &Writer, text: &str) -> Result<(), ChannelError> {
    let line = format!("{text}\n");
    let mut writer = writer.lock().await;
    let written = tokio::time::timeout(PATIENCE, writer.write_all(line.as_bytes())).await;
    let failed = "failed to write to the connection";
    match written {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(ChannelError::network(failed).with_source(error)),
        Err(late) => Err(ChannelError::network(failed).with_source(late)),
    }
}

fn main() -> std::process::ExitCode {
    serve::<Section>(env!("CARGO_PKG_VERSION"))
}
