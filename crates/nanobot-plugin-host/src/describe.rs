use nanobot_channel::{ChannelError, Description};
use nanobot_plugin_link::Peer;
use nanobot_protocol::{ErrorKind, PluginMessage};
use tracing::Instrument;

use crate::connection::Connection;
use crate::handshake::initialize;
use crate::inbound::refuse;
use crate::sandbox::OwnFolders;
use crate::{PluginCommand, Timeouts, convert};

/// Asks a plugin what it is. It is started for this alone, gets no config, and connects to nothing.
///
/// # Errors
///
/// Fails if the plugin cannot be started, does not answer in time, or speaks no version of the
/// protocol that the host speaks.
pub async fn describe(
    command: &PluginCommand,
    timeouts: &Timeouts,
) -> Result<Description, ChannelError> {
    let span = tracing::info_span!("channel", channel = command.name);
    ask(command, timeouts).instrument(span).await
}

async fn ask(command: &PluginCommand, timeouts: &Timeouts) -> Result<Description, ChannelError> {
    let mut connection = Connection::open(command, OwnFolders::default(), deaf)?;
    let peer = connection.peer.clone();
    let talk =
        initialize(&peer, command, &command.name, convert::host_capabilities(None), timeouts);
    match connection.until_ended(talk).await {
        Ok(answer) => {
            connection.shut_down(timeouts).await;
            Ok(convert::description(&command.name, answer))
        }
        Err(error) => Err(connection.fail(error, timeouts).await),
    }
}

/// Nothing that a plugin asks for before it is started can be had.
fn deaf(peer: Peer) -> impl FnMut(PluginMessage) + Send + 'static {
    move |message| {
        if let PluginMessage::MessageReceived(id, _)
        | PluginMessage::SenderCheck(id, _)
        | PluginMessage::AudioTranscribe(id, _)
        | PluginMessage::MessagePublish(id, _)
        | PluginMessage::LoginInput(id, _) = &message
        {
            let text = "the channel is not started";
            refuse(&peer, *id, ErrorKind::NotReady, text);
        }
    }
}
