use serde_json::{Value, json};
use tokio::sync::mpsc;

/// What a connection shall do.
#[derive(Debug)]
pub(super) enum Order {
    Say(Value),
    Reconnect,
    AskForHeartbeat,
    InvalidSession(bool),
    Close(u16),
    Cut,
}

/// The one session that a bot has at a time.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    current: Option<Session>,
    connection: Option<mpsc::Sender<Order>>,
    pub(super) identifies: usize,
    pub(super) resumes: usize,
    pub(super) heartbeats: usize,
    /// True if heartbeats are not answered.
    pub(super) is_silent: bool,
}

#[derive(Debug)]
struct Session {
    id: String,
    /// All events so far; the number of an event is its place, from 1.
    events: Vec<Value>,
}

impl Sessions {
    /// Begins a session on a connection; says its id.
    pub(super) fn begin(&mut self, connection: mpsc::Sender<Order>) -> String {
        self.identifies += 1;
        let id = format!("session-{}", self.identifies);
        self.current = Some(Session { id: id.clone(), events: Vec::new() });
        self.connect(connection);
        id
    }

    /// Goes on with a session; false if it is not valid.
    pub(super) fn resume(
        &mut self,
        id: &str,
        sequence: usize,
        connection: mpsc::Sender<Order>,
    ) -> bool {
        let session = self.current.as_ref().filter(|session| session.id == id);
        let Some(missed) = session.and_then(|session| session.events.get(sequence..)) else {
            return false;
        };
        for event in missed {
            give(&connection, Order::Say(event.clone()));
        }
        self.resumes += 1;
        self.connect(connection);
        self.dispatch("RESUMED", &Value::Null);
        true
    }

    fn connect(&mut self, connection: mpsc::Sender<Order>) {
        self.is_silent = false;
        self.connection = Some(connection);
    }

    /// Sends an event, or keeps it for when the session is resumed.
    pub(super) fn dispatch(&mut self, name: &str, data: &Value) {
        let Some(session) = &mut self.current else { return };
        let event = json!({"op": 0, "t": name, "s": session.events.len() + 1, "d": data});
        session.events.push(event.clone());
        self.order(Order::Say(event));
    }

    pub(super) fn order(&mut self, order: Order) {
        let Some(connection) = &self.connection else { return };
        let ends = matches!(order, Order::Close(_) | Order::Cut | Order::Reconnect);
        give(connection, order);
        if ends {
            self.connection = None;
        }
    }

    pub(super) fn invalidate(&mut self, may_resume: bool) {
        if !may_resume {
            self.current = None;
        }
        self.order(Order::InvalidSession(may_resume));
        self.connection = None;
    }

    pub(super) fn disconnected(&mut self) {
        if self.connection.as_ref().is_some_and(mpsc::Sender::is_closed) {
            self.connection = None;
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.current.is_some() && self.connection.is_some()
    }

    /// Number of the last event.
    pub(super) fn last_sequence(&self) -> usize {
        self.current.as_ref().map_or(0, |session| session.events.len())
    }
}

/// A connection that is gone needs no orders; one that does not keep up is a fault of the test.
fn give(connection: &mpsc::Sender<Order>, order: Order) {
    let given = connection.try_send(order);
    assert!(!matches!(given, Err(mpsc::error::TrySendError::Full(_))), "too many orders");
}
