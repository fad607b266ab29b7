use std::sync::Arc;

use nanobot_channel::{ChannelContext, ChannelError};
use nanobot_protocol::{ChannelStart, InitializeAnswer, StreamingCapability};

use crate::connection::{Connection, TalkError};
use crate::folders::Folders;
use crate::handshake::{initialize, start_error};
use crate::inbound::Inbound;
use crate::live::Live;
use crate::liveness::unresponsive;
use crate::outgoing::Outgoing;
use crate::sandbox::OwnFolders;
use crate::slot::Tenancy;
use crate::streams::Streams;
use crate::{Confinement, ProcessChannel, convert};

/// Why a run ends.
enum End {
    Shutdown,
    GaveUp,
    Unresponsive,
    Talk(TalkError),
}

/// Runs the channel in one process, from its start to its end.
pub(crate) async fn run(plugin: &ProcessChannel, cx: ChannelContext) -> Result<(), ChannelError> {
    let tenancy = plugin.slot.take()?;
    let folders = Folders::prepare(&cx)?;
    let outgoing = outgoing(plugin, &folders)?;
    let streams = Arc::<Streams>::default();
    let inbound = Inbound::new(cx.clone(), folders.clone(), Arc::clone(&streams));
    let inbound = Arc::new(inbound);
    let handler = {
        let inbound = Arc::clone(&inbound);
        move |peer| move |message| inbound.handle(&peer, message)
    };
    let own = OwnFolders {
        state: Some(&folders.state_dir),
        media: Some(&folders.media_dir),
        outgoing: outgoing.as_deref().map(Outgoing::path),
    };
    let mut connection = Connection::open(&plugin.command, own, handler)?;
    let run = Run {
        plugin,
        cx: &cx,
        folders: &folders,
        outgoing: outgoing.as_ref(),
        inbound: &inbound,
        streams: &streams,
        tenancy: &tenancy,
    };
    let end = run.serve(&mut connection).await;
    tenancy.clear();
    let result = run.close(connection, end).await;
    inbound.finish().await;
    result
}

/// Only a plugin within walls needs copies.
fn outgoing(
    plugin: &ProcessChannel,
    folders: &Folders,
) -> Result<Option<Arc<Outgoing>>, ChannelError> {
    match plugin.command.sandbox.confinement() {
        Confinement::Confined => Outgoing::beside(folders).map(Arc::new).map(Some),
        Confinement::SwitchedOff | Confinement::Unavailable => Ok(None),
    }
}

/// What the steps of a run share.
struct Run<'a> {
    plugin: &'a ProcessChannel,
    cx: &'a ChannelContext,
    folders: &'a Folders,
    outgoing: Option<&'a Arc<Outgoing>>,
    inbound: &'a Inbound,
    streams: &'a Arc<Streams>,
    tenancy: &'a Tenancy<'a>,
}

impl Run<'_> {
    async fn serve(&self, connection: &mut Connection) -> End {
        let peer = connection.peer.clone();
        let heard = connection.heard.clone();
        let talk = async {
            self.start(&peer).await?;
            unresponsive(peer.clone(), heard, self.plugin.timeouts).await;
            Ok(())
        };
        tokio::select! {
            biased;
            () = self.cx.shutdown.cancelled() => End::Shutdown,
            () = self.inbound.gave_up() => End::GaveUp,
            result = connection.until_ended(talk) => match result {
                Ok(()) => End::Unresponsive,
                Err(error) => End::Talk(error),
            },
        }
    }

    async fn start(&self, peer: &nanobot_plugin_link::Peer) -> Result<(), TalkError> {
        let timeouts = &self.plugin.timeouts;
        let offered = convert::host_capabilities(Some(self.cx.offers()));
        let command = &self.plugin.command;
        let answer = initialize(peer, command, &self.cx.name, offered, timeouts).await?;
        let request = ChannelStart {
            config: self.plugin.config.clone(),
            state_dir: convert::path_text(&self.folders.state_dir)?,
            media_dir: convert::path_text(&self.folders.media_dir)?,
        };
        self.open(&answer);
        let started = peer.request_within(&request, timeouts.start).await;
        started.map_err(start_error)?;
        self.tenancy.fill(Live {
            peer: peer.clone(),
            streams: Arc::clone(self.streams),
            send_timeout: timeouts.send,
            outgoing: self.outgoing.cloned(),
        });
        tracing::debug!(version = answer.plugin.version, "The plugin is running.");
        Ok(())
    }

    fn open(&self, answer: &InitializeAnswer) {
        if let Some(StreamingCapability { window }) = answer.capabilities.streaming {
            self.streams.enable(window);
        }
        self.inbound.open(answer.limits.max_inbound_in_flight);
    }

    async fn close(&self, connection: Connection, end: End) -> Result<(), ChannelError> {
        let timeouts = &self.plugin.timeouts;
        match end {
            End::Shutdown => {
                let ending = connection.shut_down(timeouts).await;
                tracing::debug!(status = ?ending.exited.status, "The plugin has ended.");
                Ok(())
            }
            End::GaveUp => {
                let ending = connection.shut_down(timeouts).await;
                Err(ending.into_error(self.inbound.take_reason()))
            }
            End::Unresponsive => {
                let silent = ChannelError::internal("the plugin did not answer two pings");
                Err(connection.fail(silent.into(), timeouts).await)
            }
            End::Talk(TalkError::Gone) => {
                let ending = connection.tear_down(timeouts).await;
                Err(ending.into_error(self.inbound.take_reason()))
            }
            End::Talk(error) => Err(connection.fail(error, timeouts).await),
        }
    }
}
