use std::time::Duration;

use nanobot_channel::ChannelError;
use nanobot_plugin_link::{LinkError, Peer, ReadError, link};
use nanobot_protocol::{PluginMessage, Shutdown, ShutdownReason};
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::command::Obstacle;
use crate::exit::Ending;
use crate::heard::{Heard, Hearing};
use crate::process::{Pipes, Process};
use crate::sandbox::OwnFolders;
use crate::stderr::Stderr;
use crate::{PluginCommand, PluginExited, Timeouts, convert};

/// How long the pipes of a process that is gone may still bring something.
const DRAIN: Duration = Duration::from_secs(1);

/// A plugin's process with the link to it. Dropping it kills the process.
pub(crate) struct Connection {
    pub(crate) peer: Peer,
    pub(crate) heard: Heard,
    process: Process,
    reading: AbortOnDropHandle<Result<(), ReadError>>,
    writing: AbortOnDropHandle<()>,
    stderr: Stderr,
}

/// Why a talk with a plugin came to nothing.
#[derive(Debug)]
pub(crate) enum TalkError {
    /// The plugin went away; how, is known when its process is.
    Gone,
    /// Anything else.
    Failed(ChannelError),
}

impl From<LinkError> for TalkError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Closed => Self::Gone,
            error => Self::Failed(convert::link_error(error)),
        }
    }
}

impl From<ChannelError> for TalkError {
    fn from(error: ChannelError) -> Self {
        Self::Failed(error)
    }
}

impl Connection {
    /// Starts the process; `handler` makes the function that gets what the plugin says, in order,
    /// and must not block.
    pub(crate) fn open<H>(
        command: &PluginCommand,
        own: OwnFolders<'_>,
        handler: impl FnOnce(Peer) -> H,
    ) -> Result<Self, ChannelError>
    where
        H: FnMut(PluginMessage) + Send + 'static,
    {
        if let Some(obstacle) = &command.obstacle {
            return Err(obstacle_error(obstacle));
        }
        let (process, pipes) =
            Process::spawn(command, own).map_err(|error| spawn_error(command, error))?;
        tracing::debug!(pid = process.id(), "Started the plugin.");
        let Pipes { stdin, stdout, stderr } = pipes;
        let heard = Heard::now();
        let hearing = Hearing { read: stdout, heard: heard.clone() };
        let (peer, reader, writer) = link(hearing, stdin);
        let reading = tokio::spawn(reader.run(handler(peer.clone())).in_current_span());
        let writing = async move {
            if let Err(error) = writer.run().await {
                tracing::debug!(%error, "The plugin closed its input.");
            }
        };
        Ok(Self {
            peer,
            heard,
            process,
            reading: AbortOnDropHandle::new(reading),
            writing: AbortOnDropHandle::new(tokio::spawn(writing.in_current_span())),
            stderr: Stderr::read(stderr),
        })
    }

    /// Returns when the plugin cannot be talked to any more, and all it said has been heard.
    pub(crate) async fn ended(&mut self) {
        tokio::select! {
            () = self.peer.closed() => {}
            _ = self.process.exited() => {
                // What it started may hold the pipe, which would then never end.
                self.process.kill();
                let _ = timeout(DRAIN, self.peer.closed()).await;
            }
        }
    }

    /// Lets a talk go on as long as the plugin is there.
    pub(crate) async fn until_ended<T>(
        &mut self,
        talk: impl Future<Output = Result<T, TalkError>>,
    ) -> Result<T, TalkError> {
        tokio::select! {
            biased;
            result = talk => result,
            () = self.ended() => Err(TalkError::Gone),
        }
    }

    /// Ends the plugin in order: it may finish what it is at.
    pub(crate) async fn shut_down(mut self, timeouts: &Timeouts) -> Ending {
        let deadline = Instant::now() + timeouts.shutdown_grace;
        let request = Shutdown {
            grace_ms: convert::whole_ms(timeouts.shutdown_grace),
            reason: ShutdownReason::Stop,
        };
        let peer = self.peer.clone();
        let talk = async {
            peer.request_within(&request, timeouts.shutdown_grace).await?;
            Ok(())
        };
        if let Err(error) = self.until_ended(talk).await {
            tracing::warn!(?error, "The plugin did not agree to its shutdown.");
        }
        self.finish(deadline, timeouts.terminate).await
    }

    /// Ends a plugin that is of no use any more.
    pub(crate) async fn tear_down(self, timeouts: &Timeouts) -> Ending {
        // Mostly it exits at this moment, and the status it exits with is worth waiting for.
        let deadline = Instant::now() + timeouts.terminate;
        self.finish(deadline, timeouts.terminate).await
    }

    /// Ends a plugin that a talk failed with, and says why it failed.
    pub(crate) async fn fail(self, error: TalkError, timeouts: &Timeouts) -> ChannelError {
        let ending = self.tear_down(timeouts).await;
        match error {
            TalkError::Gone => ending.into_error(None),
            TalkError::Failed(error) if std::error::Error::source(&error).is_some() => error,
            TalkError::Failed(error) => ending.exited.cause(error),
        }
    }

    async fn finish(mut self, deadline: Instant, patience: Duration) -> Ending {
        // Without a writer the plugin's stdin is closed, which asks it to exit. The reader goes on,
        // so that the plugin does not die of writing its last words.
        self.writing.abort();
        let exit = self.process.end(deadline, patience).await;
        let read = timeout(DRAIN, self.reading).await;
        self.peer.close();
        Ending {
            exited: PluginExited {
                status: exit.status,
                stderr_tail: self.stderr.finish(DRAIN).await,
            },
            was_forced: exit.was_forced,
            read_error: read.ok().and_then(Result::ok).and_then(Result::err),
        }
    }
}

fn obstacle_error(obstacle: &Obstacle) -> ChannelError {
    let Obstacle { reason, hint } = obstacle.clone();
    ChannelError::invalid(format!("cannot start the plugin: {reason}")).with_hint(hint)
}

fn spawn_error(command: &PluginCommand, error: std::io::Error) -> ChannelError {
    use std::io::ErrorKind::{NotFound, PermissionDenied};
    let text = format!("failed to start {}", command.program.display());
    match error.kind() {
        NotFound | PermissionDenied => {
            ChannelError::invalid(text).with_hint("install the plugin again")
        }
        _ => ChannelError::internal(text),
    }
    .with_source(error)
}
