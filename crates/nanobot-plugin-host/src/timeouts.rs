use std::time::Duration;

/// How long the host waits for a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the answer to `initialize`.
    pub initialize: Duration,
    /// For the answer to `channel/start`.
    pub start: Duration,
    /// For the answer to `message/send` and `stream/end`, and for room in a stream's window.
    pub send: Duration,
    /// Silence after which the plugin is asked for a sign of life, and time between two questions.
    pub quiet: Duration,
    /// For that sign of life.
    pub ping: Duration,
    /// For an orderly shutdown, until SIGTERM.
    pub shutdown_grace: Duration,
    /// Between SIGTERM and SIGKILL, and for a plugin without a link to exit by itself.
    pub terminate: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            initialize: Duration::from_secs(15),
            start: Duration::from_secs(60),
            send: Duration::from_secs(60),
            quiet: Duration::from_secs(30),
            ping: Duration::from_secs(10),
            shutdown_grace: Duration::from_secs(10),
            terminate: Duration::from_secs(3),
        }
    }
}

impl Timeouts {
    /// The same time for everything, for tests.
    #[must_use]
    pub fn all(time: Duration) -> Self {
        Self {
            initialize: time,
            start: time,
            send: time,
            quiet: time,
            ping: time,
            shutdown_grace: time,
            terminate: time,
        }
    }
}
