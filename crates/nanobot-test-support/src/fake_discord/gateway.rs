//! The WebSocket. See [Discord/gateway](https://docs.discord.com/developers/events/gateway).

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::sessions::Order;
use super::{APPLICATION, BOT, Shared, rules};

const MAX_PAYLOAD: usize = 4096;
/// More than any test gives at once.
const MAX_ORDERS: usize = 10_000;

pub(super) async fn connect(
    shared: State<Arc<Shared>>,
    query: RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    open(shared.0, query.0.as_deref(), &headers, upgrade, false)
}

pub(super) async fn reconnect(
    shared: State<Arc<Shared>>,
    query: RawQuery,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    open(shared.0, query.0.as_deref(), &headers, upgrade, true)
}

fn open(
    shared: Arc<Shared>,
    query: Option<&str>,
    headers: &HeaderMap,
    upgrade: WebSocketUpgrade,
    is_resume: bool,
) -> Response {
    if query != Some("v=10&encoding=json") {
        shared.violations.add(format!("a gateway connection with {query:?}"));
    }
    if let Err(what) = rules::check_user_agent(headers) {
        shared.violations.add(what);
    }
    upgrade.on_upgrade(move |socket| async move {
        let (orders, received) = mpsc::channel(MAX_ORDERS);
        let mut link = Link { shared, socket, orders, is_resume, has_session: false };
        link.run(received).await;
        drop(link.orders);
        link.shared.state().sessions.disconnected();
        link.shared.changes.tell();
    })
}

struct Link {
    shared: Arc<Shared>,
    socket: WebSocket,
    orders: mpsc::Sender<Order>,
    /// True at the address for resumes.
    is_resume: bool,
    has_session: bool,
}

impl Link {
    async fn run(&mut self, mut orders: mpsc::Receiver<Order>) {
        let interval = self.shared.options.heartbeat_interval_ms;
        if !self.say(&json!({"op": 10, "d": {"heartbeat_interval": interval}})).await {
            return;
        }
        loop {
            let goes_on = tokio::select! {
                Some(order) = orders.recv() => self.obey(order).await,
                frame = self.socket.recv() => match frame {
                    Some(Ok(Message::Text(text))) => self.hear(text.as_str()).await,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => false,
                    Some(Ok(_)) => true,
                },
            };
            self.shared.changes.tell();
            if !goes_on {
                return;
            }
        }
    }

    async fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Say(payload) => self.say(&payload).await,
            Order::AskForHeartbeat => self.say(&json!({"op": 1, "d": null})).await,
            Order::Reconnect => self.say(&json!({"op": 7, "d": null})).await,
            Order::InvalidSession(may_resume) => self.say(&json!({"op": 9, "d": may_resume})).await,
            Order::Close(code) => self.close(code).await,
            Order::Cut => false,
        }
    }

    async fn hear(&mut self, text: &str) -> bool {
        if text.len() > MAX_PAYLOAD {
            self.shared.violations.add("a payload of more than 4096 bytes");
        }
        let payload: Value = serde_json::from_str(text).unwrap_or_default();
        match payload["op"].as_u64() {
            Some(1) => self.heartbeat(&payload["d"]).await,
            Some(2) => self.identify(&payload["d"]).await,
            Some(6) => self.resume(&payload["d"]).await,
            _ => {
                self.shared.violations.add(format!("an unknown payload: {text}"));
                self.close(4001).await
            }
        }
    }

    async fn heartbeat(&mut self, sequence: &Value) -> bool {
        let (last, is_silent) = {
            let mut state = self.shared.state();
            state.sessions.heartbeats += 1;
            (state.sessions.last_sequence(), state.sessions.is_silent)
        };
        let is_known = sequence.is_null()
            || sequence.as_u64().is_some_and(|number| number <= last as u64 && number > 0);
        if self.has_session && !is_known {
            self.shared.violations.add(format!("a heartbeat with sequence {sequence}, of {last}"));
        }
        is_silent || self.say(&json!({"op": 11})).await
    }

    /// See [Discord/identify](https://docs.discord.com/developers/events/gateway-events#identify).
    async fn identify(&mut self, data: &Value) -> bool {
        if self.has_session {
            self.shared.violations.add("a second identify");
            return self.close(4005).await;
        }
        if self.is_resume {
            self.shared.violations.add("an identify at the address for resumes");
        }
        if let Err(what) = rules::check_identify(data) {
            self.shared.violations.add(what);
        }
        if data["token"] != json!(self.shared.options.token) {
            return self.close(4004).await;
        }
        if let Some(code) = self.shared.options.close_code {
            return self.close(code).await;
        }
        self.has_session = true;
        self.begin();
        true
    }

    fn begin(&self) {
        let mut state = self.shared.state();
        if let Some((left, _)) = &mut state.session_limit {
            *left = left.saturating_sub(1);
        }
        let id = state.sessions.begin(self.orders.clone());
        let guilds = state.guilds();
        let unavailable: Vec<Value> =
            guilds.iter().map(|guild| json!({"id": guild["id"], "unavailable": true})).collect();
        let ready = json!({
            "v": 10, "session_id": id, "guilds": unavailable,
            "resume_gateway_url": format!("ws://{}/resume/", self.shared.address),
            "user": {"id": BOT.to_string(), "username": "nano", "bot": true},
            "application": {"id": APPLICATION.to_string(), "flags": 0},
        });
        state.sessions.dispatch("READY", &ready);
        for guild in guilds {
            state.sessions.dispatch("GUILD_CREATE", &guild);
        }
    }

    /// See [Discord/resume](https://docs.discord.com/developers/events/gateway-events#resume).
    async fn resume(&mut self, data: &Value) -> bool {
        if !self.is_resume {
            self.shared.violations.add("a resume at the address for new sessions");
        }
        if data["token"] != json!(self.shared.options.token) {
            return self.close(4004).await;
        }
        let id = data["session_id"].as_str().unwrap_or_default();
        let sequence = data["seq"].as_u64().and_then(|number| usize::try_from(number).ok());
        let Some(sequence) = sequence.filter(|number| *number > 0) else {
            self.shared.violations.add(format!("a resume with sequence {}", data["seq"]));
            return self.close(4007).await;
        };
        self.has_session = true;
        let is_valid = self.shared.state().sessions.resume(id, sequence, self.orders.clone());
        is_valid || self.say(&json!({"op": 9, "d": false})).await
    }

    async fn say(&mut self, payload: &Value) -> bool {
        self.socket.send(Message::text(payload.to_string())).await.is_ok()
    }

    async fn close(&mut self, code: u16) -> bool {
        let frame = CloseFrame { code, reason: "".into() };
        let _gone = self.socket.send(Message::Close(Some(frame))).await;
        false
    }
}
