mod handshake;
mod requests;

use std::sync::Arc;
use std::time::Duration;

use nanobot_channel::{Channel, ChannelError, ErrorKind};
use nanobot_plugin_link::{Peer, Reader, link};
use nanobot_protocol::line::Id;
use nanobot_protocol::{Empty, HostCapabilities, HostMessage, PingAnswer, Shutdown};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::convert;
use crate::deliveries::Deliveries;
use crate::factory::Factory;
use crate::inbox::LinkInbox;
use crate::lifetime::{EXIT_FAILED, Lifetime, SHORT_GRACE};
use crate::streams::Streams;

/// Time for the last lines to leave.
const FLUSH_TIME: Duration = Duration::from_secs(1);

/// Talks to a host until it is gone or `terminate` resolves; returns the exit status.
///
/// The author's code runs on `workers`. The link runs where this is called: in a process that is a
/// runtime of its own, so that a channel that blocks all its threads still answers a ping.
///
/// The same code serves the pipe of a process and the one in memory that tests use.
pub(crate) async fn run<R, W>(
    factory: Factory,
    workers: Handle,
    (read, write): (R, W),
    terminate: impl Future<Output = ()> + Send,
) -> u8
where
    R: AsyncRead + Unpin + Send,
    W: AsyncWrite + Unpin + Send,
{
    let (peer, reader, writer) = link(read, write);
    let life = Arc::new(Lifetime::new(peer, workers));
    let session = Session::new(factory, Arc::clone(&life));
    tokio::pin! {
        let writing = writer.run();
        let serving = serve(session, reader, &life, terminate);
    }
    tokio::select! {
        _ = &mut writing => serving.await,
        () = &mut serving => {
            let _ = tokio::time::timeout(FLUSH_TIME, writing).await;
        }
    }
    life.exit_status()
}

async fn serve<R: AsyncRead + Unpin + Send>(
    session: Session,
    reader: Reader<R>,
    life: &Lifetime,
    terminate: impl Future<Output = ()> + Send,
) {
    let terminated = async {
        terminate.await;
        life.drain(SHORT_GRACE).await;
        life.end(life.exit_status());
    };
    tokio::pin! {
        let reading = session.read(reader);
    }
    tokio::select! {
        () = &mut reading => {}
        // Answers are still read while the channel finishes.
        () = terminated => reading.await,
    }
    life.drain(SHORT_GRACE).await;
    life.finish(FLUSH_TIME).await;
}

/// What the reader knows; each method is called in the order of the pipe and must not wait.
struct Session {
    factory: Factory,
    life: Arc<Lifetime>,
    deliveries: Arc<Deliveries>,
    streams: Streams,
    instance: Option<String>,
    host: HostCapabilities,
    running: Option<Running>,
    login: Option<(Id, CancellationToken)>,
    is_draining: bool,
}

/// A channel that was started.
struct Running {
    channel: Arc<dyn Channel>,
    inbox: Arc<LinkInbox>,
}

impl Session {
    fn new(factory: Factory, life: Arc<Lifetime>) -> Self {
        let deliveries = Arc::new(Deliveries::new(life.peer.clone()));
        Self {
            factory,
            streams: Streams::new(Arc::clone(&deliveries), Arc::clone(&life)),
            life,
            deliveries,
            instance: None,
            host: HostCapabilities::default(),
            running: None,
            login: None,
            is_draining: false,
        }
    }

    async fn read<R: AsyncRead + Unpin + Send>(mut self, reader: Reader<R>) {
        let life = Arc::clone(&self.life);
        let result = reader.run(|message| self.handle(message)).await;
        if let Err(error) = result {
            tracing::error!(error = %error, "The link to the gateway broke.");
            life.end(EXIT_FAILED);
        }
    }

    fn handle(&mut self, message: HostMessage) {
        match message {
            HostMessage::Initialize(id, hello) => self.initialize(id, &hello),
            HostMessage::ChannelLogin(id, login) => self.login(id, login),
            HostMessage::ChannelStart(id, start) => self.start(id, start),
            HostMessage::MessageSend(id, message) => self.send(id, message),
            HostMessage::StreamStart(start) => self.stream_start(start),
            HostMessage::StreamDelta(delta) => self.streams.delta(delta),
            HostMessage::StreamEnd(id, end) => self.stream_end(id, end),
            HostMessage::Cancel(cancel) => self.cancel(cancel.id),
            HostMessage::Ping(id, _) => self.ping(id),
            HostMessage::Shutdown(id, shutdown) => self.shutdown(id, &shutdown),
        }
    }

    fn cancel(&mut self, id: Id) {
        match &self.login {
            Some((login, token)) if *login == id => token.cancel(),
            _ => self.deliveries.cancel(id),
        }
    }

    fn ping(&self, id: Id) {
        let inbox = self.running.as_ref().map(|running| &running.inbox);
        let deliveries = self.deliveries.in_flight() + self.streams.len();
        let answer = PingAnswer {
            inbound_in_flight: inbox.map_or(0, |inbox| inbox.in_flight()),
            deliveries_in_flight: u32::try_from(deliveries).unwrap_or(u32::MAX),
        };
        self.life.peer.answer_now(id, Ok(&answer));
    }

    fn shutdown(&mut self, id: Id, shutdown: &Shutdown) {
        self.is_draining = true;
        self.streams.close();
        // The answer has to arrive before the grace is over.
        let grace = Duration::from_millis(shutdown.grace_ms).mul_f32(0.9);
        let life = Arc::clone(&self.life);
        self.life.watchers.spawn(async move {
            life.drain(grace).await;
            let _ = life.peer.answer(id, Ok(&Empty {})).await;
        });
    }

    fn refuse(&self, id: Id, error: &ChannelError) {
        self.deliveries.refuse(id, error);
    }

    /// The channel, if it may be asked to deliver.
    fn channel(&self) -> Result<&Arc<dyn Channel>, ChannelError> {
        match &self.running {
            _ if self.is_draining => Err(not_ready("the channel is stopping")),
            Some(running) => Ok(&running.channel),
            None => Err(not_ready("the channel is not started")),
        }
    }
}

fn not_ready(problem: &'static str) -> ChannelError {
    ChannelError::new(ErrorKind::NotReady, problem)
}

/// The end of a channel whose `run` returned by itself: says why, and ends the session.
async fn give_up(life: &Lifetime, error: &ChannelError) {
    tracing::error!(error = error.report(), "The channel stopped by itself.");
    let _ = life.peer.notify(&convert::farewell(error)).await;
    life.drain(SHORT_GRACE).await;
    life.end(EXIT_FAILED);
}

/// Runs `work` unless `peer` is closed first.
async fn while_open<T>(peer: &Peer, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        result = work => Some(result),
        () = peer.closed() => None,
    }
}
