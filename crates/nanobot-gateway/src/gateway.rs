pub(crate) mod reload;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use nanobot_agent::Agent;
use nanobot_ledger::{Ledger, LedgerError, WaitingDelivery, now_ms};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::channel_spec::ChannelSpec;
use crate::commands::About;
use crate::control::{self, ControlSocket, Deliver, GatewayReport, ledger_routes, reload_routes};
use crate::current_agent::CurrentAgent;
use crate::delivery::{Courier, Delivery};
use crate::intake::{Intake, Reception};
use crate::metrics::Metrics;
use crate::model_command::ModelChoices;
use crate::notify::{
    Announcement, Announcer, NotifySettings, OwnerWatch, say_started, say_stopping,
};
use crate::restart;
use crate::roster::Roster;
use crate::running::RunningTurns;
use crate::scheduler::Scheduler;
use crate::status::StatusBoard;
use crate::supervisor::Supervisor;
use crate::turn::TurnRunner;
use reload::{LastReload, ReloadRequest};

/// What a gateway is made of.
pub struct GatewayOptions {
    /// Numbers and places.
    pub settings: Settings,
    /// The enabled channels.
    pub channels: Vec<ChannelSpec>,
    /// Who answers.
    pub agent: Arc<Agent>,
    /// Where everything accepted is kept.
    pub ledger: Arc<dyn Ledger>,
    /// Pages for the control port, once its address is known.
    pub pages: Box<dyn FnOnce(SocketAddr) -> Router + Send>,
}

/// Numbers and places of a gateway.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of the control port.
    pub host: String,
    /// Number of the control port; 0 lets the system choose.
    pub port: u16,
    /// Where the control socket is made, if anywhere.
    pub control_socket: Option<PathBuf>,
    /// Sessions that are answered at once.
    pub max_concurrent_turns: usize,
    /// Tries of a delivery that the channel itself fails.
    pub max_attempts: u32,
    /// Whether what is said during a turn joins it at its next use of tools; else it waits for a
    /// turn of its own.
    pub steers: bool,
    /// How long running turns, and then deliveries, are waited for at the end.
    pub grace: Duration,
    /// What is said without being asked for.
    pub notify: NotifySettings,
    /// Whether `/restart` in a chat asks for a restart.
    pub restart_command: bool,
}

/// Why a gateway could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// The control port is not to be had.
    #[error("cannot listen on {host}:{port}")]
    Port {
        /// Address that was asked for.
        host: String,
        /// Port that was asked for.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// The ledger cannot be read.
    #[error("cannot read what was left to do")]
    Ledger(#[from] LedgerError),
}

/// A running gateway.
pub struct Gateway {
    address: SocketAddr,
    reception: Arc<Reception>,
    supervisor: Supervisor,
    servers: TaskTracker,
    grace: Duration,
    notify: NotifySettings,
    last_reload: Arc<LastReload>,
    reload_requests: Option<mpsc::Receiver<ReloadRequest>>,
    /// Turns and deliveries under way are cut off.
    abort: CancellationToken,
    /// Channels and servers stop.
    shutdown: CancellationToken,
}

impl Gateway {
    /// Opens the control port, takes up what the ledger holds, and starts the channels.
    ///
    /// # Errors
    ///
    /// See [`GatewayError`]. A channel that cannot start is no error: it shows in the status.
    pub async fn start(options: GatewayOptions) -> Result<Self, GatewayError> {
        let GatewayOptions { settings, channels, agent, ledger, pages } = options;
        let (listener, address) = control::bind(&settings.host, settings.port).await?;
        let (abort, shutdown) = (CancellationToken::new(), CancellationToken::new());
        let roster = Arc::new(Roster::default());
        let reception = reception(&settings, &agent, &ledger, &roster, &abort);
        let (board, metrics) = (Arc::clone(&reception.board), Arc::clone(&reception.metrics));
        let (ask_reload, reload_requests) = reload::requests();
        let gateway = Self {
            address,
            reception: Arc::new(reception),
            supervisor: Supervisor::new(roster, board, metrics, shutdown.clone()),
            servers: TaskTracker::new(),
            grace: settings.grace,
            notify: settings.notify,
            last_reload: Arc::default(),
            reload_requests: Some(reload_requests),
            abort,
            shutdown,
        };
        let pages = control::routes(Arc::clone(&gateway.reception)).merge(pages(address));
        gateway.servers.spawn(control::serve(listener, pages, gateway.shutdown.clone()));
        gateway.open_socket(settings.control_socket, ask_reload);
        channels.iter().for_each(|spec| gateway.supervisor.enroll(spec));
        gateway.take_up(ledger.as_ref()).await?;
        gateway.start_channels(channels);
        gateway.announce();
        Ok(gateway)
    }

    /// Cancelled when a person has asked for a restart in a chat. Whoever runs the gateway then
    /// calls [`shutdown`](Self::shutdown) and starts another one on the same ledger, which says in
    /// that chat that it is there.
    #[must_use]
    pub fn restart_requested(&self) -> CancellationToken {
        self.reception.restart.clone().unwrap_or_default()
    }

    /// Address of the control port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How the channels are.
    #[must_use]
    pub fn status(&self) -> &StatusBoard {
        &self.reception.board
    }

    /// Starts a channel again, at once and whatever its state; false if there is no such channel.
    #[must_use]
    pub fn restart_channel(&self, name: &str) -> bool {
        self.supervisor.restart(name)
    }

    /// Stops in order: takes no more messages, lets turns and deliveries finish within the grace
    /// time, stops the channels so that they clean up, closes the ports. After it nothing uses the
    /// ledger any more.
    pub async fn shutdown(self) {
        self.reception.closing.cancel();
        if let Some(announcement) = &self.notify.on_stop {
            say_stopping(announcement, &self.reception.delivery);
        }
        let work = async {
            self.reception.scheduler.drained().await;
            self.reception.delivery.drained().await;
        };
        if timeout(self.grace, work).await.is_err() {
            tracing::warn!("Some turns or deliveries did not finish in time and are cut off.");
            self.abort.cancel();
            self.reception.scheduler.drained().await;
            self.reception.delivery.drained().await;
        }
        self.shutdown.cancel();
        self.supervisor.stopped().await;
        self.servers.close();
        self.servers.wait().await;
    }

    /// Cuts short what [`shutdown`](Self::shutdown) waits for; for the second signal.
    #[must_use]
    pub fn abort_handle(&self) -> CancellationToken {
        self.abort.clone()
    }

    fn open_socket(&self, path: Option<PathBuf>, ask_reload: mpsc::Sender<ReloadRequest>) {
        let Some(path) = path else { return };
        let reception = Arc::clone(&self.reception);
        let last_reload = Arc::clone(&self.last_reload);
        let (address, started_ms) = (self.address.to_string(), now_ms());
        let report = move || GatewayReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_ms,
            address: address.clone(),
            model: reception.about.model(),
            channels: reception.channels(),
            reload: last_reload.get(),
        };
        let supervisor = self.supervisor.clone();
        let ledger = ledger_routes(Arc::clone(&self.reception.ledger), self.deliver());
        let others = ledger.merge(reload_routes(ask_reload));
        let socket = ControlSocket { path, report: Arc::new(report), supervisor, others };
        self.servers.spawn(socket.serve(self.shutdown.clone()));
    }

    /// Takes up what a person wants retried. While the gateway stops nothing new is begun: the
    /// delivery waits in the ledger for the next start.
    fn deliver(&self) -> Arc<Deliver> {
        let reception = Arc::clone(&self.reception);
        Arc::new(move |entry| {
            let is_open = !reception.closing.is_cancelled();
            if is_open {
                reception.delivery.take_up(WaitingDelivery { entry, is_unknown: false });
            }
            is_open
        })
    }

    /// Goes on where the last gateway on this ledger ended. Comes before the channels: what they
    /// receive is answered behind what the chats wait for already.
    async fn take_up(&self, ledger: &dyn Ledger) -> Result<(), GatewayError> {
        for waiting in ledger.waiting_deliveries().await? {
            if restart::is_promise(&waiting.entry.message) {
                let (board, delivery) =
                    (Arc::clone(&self.reception.board), &self.reception.delivery);
                let closing = self.reception.closing.clone();
                let kept = restart::keep_promise(waiting, board, delivery.clone(), closing);
                self.servers.spawn(kept);
            } else {
                self.reception.delivery.take_up(waiting);
            }
        }
        for session in ledger.waiting_sessions().await? {
            self.reception.scheduler.wake(&session);
        }
        Ok(())
    }

    /// Says that the gateway has started, and from now on what the owner wants to know.
    fn announce(&self) {
        let reception = &self.reception;
        let announcer = Announcer {
            ledger: Arc::clone(&reception.ledger),
            delivery: reception.delivery.clone(),
            closing: reception.closing.clone(),
        };
        for (text, target) in self.notify.on_start.iter().flat_map(Announcement::each) {
            let board = Arc::clone(&reception.board);
            self.servers.spawn(say_started(text, target, board, announcer.clone()));
        }
        if !self.notify.owner.is_empty() {
            let board = Arc::clone(&reception.board);
            self.servers.spawn(OwnerWatch::new(&self.notify, board, announcer).run());
        }
    }

    fn start_channels(&self, channels: Vec<ChannelSpec>) {
        for spec in channels {
            let intake = Intake::new(&spec, Arc::clone(&self.reception));
            self.supervisor.start(spec, Arc::new(intake));
        }
    }
}

/// Puts together what a message goes through between its channel and its chat.
fn reception(
    settings: &Settings,
    agent: &Arc<Agent>,
    ledger: &Arc<dyn Ledger>,
    roster: &Arc<Roster>,
    abort: &CancellationToken,
) -> Reception {
    let board = Arc::new(StatusBoard::new());
    let running = Arc::new(RunningTurns::default());
    let metrics = Arc::new(Metrics::new());
    let closing = CancellationToken::new();
    let models = Arc::new(ModelChoices::new(agent.models()));
    let delivery = Delivery::new(Courier {
        roster: Arc::clone(roster),
        board: Arc::clone(&board),
        ledger: Arc::clone(ledger),
        metrics: Arc::clone(&metrics),
        max_attempts: settings.max_attempts.into(),
        abort: abort.clone(),
    });
    let agent = Arc::new(CurrentAgent::new(Arc::clone(agent)));
    let turns = TurnRunner {
        agent: Arc::clone(&agent),
        ledger: Arc::clone(ledger),
        delivery: delivery.clone(),
        roster: Arc::clone(roster),
        running: Arc::clone(&running),
        board: Arc::clone(&board),
        models: Arc::clone(&models),
        steers: settings.steers,
        closing: closing.clone(),
        metrics: Arc::clone(&metrics),
        abort: abort.clone(),
    };
    let turns_at_once = settings.max_concurrent_turns;
    let scheduler = Scheduler::new(Arc::clone(ledger), turns, turns_at_once, closing.clone());
    Reception {
        ledger: Arc::clone(ledger),
        scheduler,
        delivery,
        roster: Arc::clone(roster),
        running,
        tells_waiting: !settings.steers,
        board,
        metrics,
        about: About { agent, started: Instant::now() },
        models,
        closing,
        restart: settings.restart_command.then(CancellationToken::new),
    }
}
