use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message as Frame};

use super::connect::{Socket, connect};
use super::heartbeat::Heartbeat;
use super::payload::{Payload, heartbeat, identify, op, resume};
use super::{Closed, Event, GatewayError, Identity, Session};

const HELLO_LIMIT: Duration = Duration::from_secs(20);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
/// Any code but 1000 and 1001 leaves the session alive.
/// See [Discord/disconnecting](https://docs.discord.com/developers/events/gateway#initiating-a-disconnect).
const KEEP_SESSION: u16 = 4000;

/// One connection to the gateway.
pub(crate) struct Connection {
    socket: Socket,
    heartbeat: Heartbeat,
    /// Number of the last event.
    sequence: Option<u64>,
}

impl Connection {
    /// Connects, and begins a session or goes on with one.
    pub(crate) async fn open(
        url: &str,
        identity: &Arc<Identity>,
        session: Option<&Session>,
    ) -> Result<Self, GatewayError> {
        let mut socket = connect(url, identity).await?;
        let interval = tokio::time::timeout(HELLO_LIMIT, hello(&mut socket));
        let interval = interval.await.map_err(|_| GatewayError::Late)??;
        let heartbeat = Heartbeat::new(interval);
        let sequence = session.map(|session| session.sequence);
        let mut connection = Self { socket, heartbeat, sequence };
        let first = match session {
            Some(session) => resume(identity, session),
            None => identify(identity),
        };
        connection.say(&first).await.map_err(|_| GatewayError::NoHello)?;
        Ok(connection)
    }

    /// Number of the last event, once there was one.
    pub(crate) fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// Waits for the next event, and keeps the connection alive meanwhile.
    pub(crate) async fn next(&mut self) -> Result<Event, Closed> {
        enum Woken {
            Beat,
            Frame(Option<Result<Frame, tungstenite::Error>>),
        }
        let woken = tokio::select! {
            () = self.heartbeat.due() => Woken::Beat,
            frame = self.socket.next() => Woken::Frame(frame),
        };
        match woken {
            Woken::Beat => self.beat().await.map(|()| Event::Nothing),
            Woken::Frame(Some(Ok(frame))) => self.frame(&frame).await,
            Woken::Frame(Some(Err(error))) => Err(Closed::Broken(error.to_string())),
            Woken::Frame(None) => Err(Closed::Code(None)),
        }
    }

    /// Ends the connection.
    pub(crate) async fn close(mut self, keep_session: bool) {
        let code = if keep_session { CloseCode::from(KEEP_SESSION) } else { CloseCode::Normal };
        let frame = CloseFrame { code, reason: "".into() };
        // Who is gone already needs no goodbye.
        let _ended = tokio::time::timeout(CLOSE_LIMIT, self.socket.close(Some(frame))).await;
    }

    async fn beat(&mut self) -> Result<(), Closed> {
        if !self.heartbeat.beat() {
            return Err(Closed::Silent);
        }
        self.say(&heartbeat(self.sequence)).await
    }

    async fn frame(&mut self, frame: &Frame) -> Result<Event, Closed> {
        match frame {
            Frame::Text(text) => self.payload(text.as_str()).await,
            Frame::Close(frame) => {
                Err(Closed::Code(frame.as_ref().map(|frame| u16::from(frame.code))))
            }
            _ => Ok(Event::Nothing),
        }
    }

    async fn payload(&mut self, text: &str) -> Result<Event, Closed> {
        let payload = match Payload::read(text) {
            Ok(payload) => payload,
            Err(error) => {
                tracing::warn!(%error, "Skipped a line of the gateway that could not be read.");
                return Ok(Event::Nothing);
            }
        };
        match payload.op {
            op::DISPATCH => {
                self.sequence = payload.s.or(self.sequence);
                Ok(payload.event())
            }
            op::HEARTBEAT => self.say(&heartbeat(self.sequence)).await.map(|()| Event::Nothing),
            op::HEARTBEAT_ACK => {
                self.heartbeat.answered();
                Ok(Event::Alive)
            }
            op::RECONNECT => Err(Closed::Reconnect),
            op::INVALID_SESSION => Err(Closed::InvalidSession(payload.may_resume())),
            _ => Ok(Event::Nothing),
        }
    }

    async fn say(&mut self, payload: &Value) -> Result<(), Closed> {
        let sent = self.socket.send(Frame::text(payload.to_string())).await;
        sent.map_err(|error| Closed::Broken(error.to_string()))
    }
}

/// Waits for the first word of the gateway: how often it wants a heartbeat, in milliseconds.
async fn hello(socket: &mut Socket) -> Result<u64, GatewayError> {
    while let Some(frame) = socket.next().await {
        let frame = frame.map_err(|error| GatewayError::WebSocket(Box::new(error)))?;
        let Frame::Text(text) = frame else { continue };
        let hello = Payload::read(text.as_str()).ok().filter(|payload| payload.op == op::HELLO);
        return hello.and_then(|payload| payload.heartbeat_interval()).ok_or(GatewayError::NoHello);
    }
    Err(GatewayError::NoHello)
}
