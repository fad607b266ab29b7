use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{ChannelError, ChannelState, ChannelStatus};
use nanobot_channel_kit::Backoff;
use tokio::time::Instant;

use super::Receiver;
use crate::api::{ApiError, SessionStartLimit};
use crate::gateway::{Closed, Connection, GatewayError, Identity, Session};

/// A connection that lived this long was a good one.
const GOOD_CONNECTION: Duration = Duration::from_secs(30);
/// Failed connections after which a session is given up and a new one begun.
const MAX_RESUMES: u32 = 4;

/// Why there is no connection.
enum Failure {
    Api(ApiError),
    Gateway(GatewayError),
    /// No more sessions for so long.
    NoSessions(Duration),
}

/// What connections have in common.
struct Listener<'a> {
    receiver: &'a Arc<Receiver>,
    identity: Arc<Identity>,
    session: Option<Session>,
    failed_resumes: u32,
    backoff: Backoff,
}

impl Receiver {
    /// Connects again and again until the channel shall stop.
    pub(super) async fn listen(self: &Arc<Self>) -> Result<(), ChannelError> {
        self.cx.report(ChannelState::Connecting);
        let mut listener = Listener {
            receiver: self,
            identity: Identity::new(self.api.token(), self.config.intents, self.config.proxy()),
            session: None,
            failed_resumes: 0,
            backoff: Backoff::default(),
        };
        loop {
            let connected = self.cx.shutdown.run_until_cancelled(listener.connect()).await;
            let pause = match connected {
                None => return Ok(()),
                Some(Ok(connection)) => match listener.follow(connection).await? {
                    None => return Ok(()),
                    Some(pause) => pause,
                },
                Some(Err(failure)) => listener.after_failure(failure)?,
            };
            if !self.pause(pause).await {
                return Ok(());
            }
        }
    }

    fn report_retrying(&self, reason: String, pause: Duration) {
        tracing::warn!(reason, pause_ms = pause.as_millis(), "Not connected to Discord now.");
        self.cx.report(ChannelStatus::retrying(reason, pause));
    }
}

impl Listener<'_> {
    async fn connect(&self) -> Result<Connection, Failure> {
        let url = match &self.session {
            Some(session) => session.url.clone(),
            None => self.address_of_gateway().await?,
        };
        let opened = Connection::open(&url, &self.identity, self.session.as_ref()).await;
        opened.map_err(Failure::Gateway)
    }

    async fn address_of_gateway(&self) -> Result<String, Failure> {
        let gateway = self.receiver.api.get_gateway().await.map_err(Failure::Api)?;
        let SessionStartLimit { remaining, reset_after } = gateway.session_start_limit;
        if remaining == 0 {
            return Err(Failure::NoSessions(Duration::from_millis(reset_after)));
        }
        Ok(gateway.url)
    }

    /// Handles the events of a connection until it ends; says how long to wait before the next one.
    /// None if the channel shall stop.
    async fn follow(
        &mut self,
        mut connection: Connection,
    ) -> Result<Option<Duration>, ChannelError> {
        let opened = Instant::now();
        let closed = loop {
            let next = self.receiver.cx.shutdown.run_until_cancelled(connection.next()).await;
            match next {
                None => {
                    connection.close(false).await;
                    return Ok(None);
                }
                Some(Err(closed)) => break closed,
                Some(Ok(event)) => {
                    if let Some(session) = self.receiver.on_event(event) {
                        self.session = Some(session);
                        self.failed_resumes = 0;
                    }
                    self.keep_sequence(&connection);
                }
            }
        };
        if opened.elapsed() >= GOOD_CONNECTION {
            self.backoff.reset();
        }
        let pause = self.after_close(&closed)?;
        connection.close(self.session.is_some()).await;
        Ok(Some(pause))
    }

    fn keep_sequence(&mut self, connection: &Connection) {
        if let (Some(session), Some(sequence)) = (&mut self.session, connection.sequence()) {
            session.sequence = sequence;
        }
    }

    fn after_close(&mut self, closed: &Closed) -> Result<Duration, ChannelError> {
        if let Some(error) = closed.fatal(self.identity.intents) {
            return Err(error);
        }
        if !closed.may_resume() {
            self.session = None;
        }
        if *closed == Closed::Reconnect {
            tracing::debug!("Discord asked for a new connection.");
            return Ok(Duration::ZERO);
        }
        let pause = match closed {
            // See https://docs.discord.com/developers/events/gateway#resuming.
            Closed::InvalidSession(false) => Duration::from_secs_f64(1.0 + 4.0 * fastrand::f64()),
            _ => self.backoff.next_pause(),
        };
        self.receiver.report_retrying(closed.to_string(), pause);
        Ok(pause)
    }

    fn after_failure(&mut self, failure: Failure) -> Result<Duration, ChannelError> {
        self.give_up_session();
        let action = "failed to reach discord";
        let (error, pause) = match failure {
            Failure::NoSessions(wait) => {
                let reason = "the bot has begun all sessions that discord allows for a day";
                (ChannelError::network(reason), Some(wait))
            }
            Failure::Gateway(error) => (ChannelError::network(action).with_source(error), None),
            Failure::Api(error) if error.is_auth() || matches!(error, ApiError::Proxy) => {
                return Err(error.into_channel_error(action));
            }
            Failure::Api(error) => {
                let wait = error.retry_after();
                (error.into_channel_error(action), wait)
            }
        };
        let pause = pause.unwrap_or_else(|| self.backoff.next_pause());
        self.receiver.report_retrying(error.report(), pause);
        Ok(pause)
    }

    /// A session that cannot be resumed again and again is not worth more tries.
    fn give_up_session(&mut self) {
        self.failed_resumes += 1;
        if self.failed_resumes >= MAX_RESUMES {
            self.session = None;
        }
    }
}
