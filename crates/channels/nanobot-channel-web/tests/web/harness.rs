use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use nanobot_channel::{
    Channel, ChannelError, ChannelState, Delta, InboundMessage, Metadata, Receipt, StreamEnd,
    StreamOutcome,
};
use nanobot_channel_web::{HubOptions, WebChannel, WebHub};
use nanobot_test_support::{FakeGateway, RunningChannel, delta, outbound};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything takes; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A hub behind a real port, with its channel running.
pub(crate) struct TestHub {
    pub(crate) hub: Arc<WebHub>,
    pub(crate) address: SocketAddr,
    pub(crate) channel: Arc<WebChannel>,
    pub(crate) gateway: Arc<FakeGateway>,
    /// Messages of the gateway that the test has looked at.
    received: usize,
    running: Option<RunningChannel>,
}

/// A connected page.
pub(crate) struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl TestHub {
    pub(crate) async fn start(folder: &Path) -> Self {
        Self::with(HubOptions::new(folder)).await
    }

    pub(crate) async fn with(options: HubOptions) -> Self {
        let hub = WebHub::new(options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        hub.set_bound(address);
        let app = hub.router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let mut test = Self {
            channel: Arc::new(WebChannel::new(Arc::clone(&hub))),
            hub,
            address,
            gateway: Arc::default(),
            received: 0,
            running: None,
        };
        test.run_channel().await;
        test
    }

    pub(crate) async fn run_channel(&mut self) {
        let channel: Arc<dyn Channel> = Arc::<WebChannel>::clone(&self.channel);
        // The hub has the folder; the channel keeps nothing of its own.
        let running = RunningChannel::start("web", channel, Path::new(""), &self.gateway);
        self.gateway.wait_for_state(ChannelState::Connected).await;
        self.running = Some(running);
    }

    pub(crate) async fn stop_channel(&mut self) {
        self.running.take().unwrap().stop().await;
    }

    /// The next message that reached the gateway.
    pub(crate) async fn received(&mut self) -> InboundMessage {
        self.received += 1;
        self.gateway.wait_for_messages(self.received).await.remove(self.received - 1)
    }

    /// A page that has been welcomed.
    pub(crate) async fn page(&self) -> Page {
        let mut page = self.connect().await.unwrap();
        page.say(json!({"type": "hello"})).await;
        page.next("welcome").await;
        page
    }

    /// A page that watches a conversation; and the answer to `open`.
    pub(crate) async fn page_on(&self, chat: &str) -> (Page, Value) {
        let mut page = self.page().await;
        page.say(json!({"type": "open", "chat": chat})).await;
        let history = page.next("history").await;
        (page, history)
    }

    pub(crate) async fn connect(&self) -> Result<Page, Error> {
        let host = self.address.to_string();
        self.connect_as(&host, Some(&format!("http://{host}"))).await
    }

    pub(crate) async fn connect_as(&self, host: &str, origin: Option<&str>) -> Result<Page, Error> {
        let mut request = format!("ws://{}/ws", self.address).into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("host", host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Page { socket })
    }

    /// The raw answer to a GET.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let mut request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    pub(crate) async fn send(
        &self,
        chat: &str,
        delivery: &str,
        text: &str,
    ) -> Result<Receipt, ChannelError> {
        self.channel.send(outbound(delivery, chat, text)).await
    }

    /// One step of the stream `s` that becomes the delivery `d`.
    pub(crate) async fn step(
        &self,
        chat: &str,
        text: &str,
        piece: &str,
        end: Option<StreamOutcome>,
    ) {
        let metadata = Metadata::new();
        let end = end.map(|outcome| StreamEnd { outcome, continues: false });
        let step = Delta { stream_id: "s", piece, end, ..delta("d", chat, text, &metadata) };
        self.channel.send_delta(step).await.unwrap();
    }
}

impl Page {
    pub(crate) async fn say(&mut self, frame: Value) {
        let text = Message::text(frame.to_string());
        self.socket.send(text).await.unwrap();
    }

    pub(crate) async fn write(&mut self, chat: &str, id: &str, text: &str) {
        self.say(json!({"type": "send", "chat": chat, "id": id, "text": text})).await;
    }

    /// The next frame of this type; others are passed over.
    pub(crate) async fn next(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.frame().await.expect("the hub keeps the connection");
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next frame, or `None` at the end of the connection.
    pub(crate) async fn frame(&mut self) -> Option<Value> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.unwrap()? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}

/// The texts of a `history` frame.
pub(crate) fn texts(history: &Value) -> Vec<&str> {
    let messages = history["messages"].as_array().unwrap();
    messages.iter().map(|m| m["text"].as_str().unwrap()).collect()
}
