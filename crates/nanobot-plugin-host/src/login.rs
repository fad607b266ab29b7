use nanobot_channel::{ChannelError, LoginContext};
use nanobot_plugin_link::Peer;
use nanobot_protocol::line::Id;
use nanobot_protocol::{
    ChannelLogin, ErrorKind, LoginInput, LoginInputAnswer, LoginPrompt, Metadata, PluginMessage,
};
use tokio::sync::mpsc;
use tracing::Instrument;

use crate::connection::{Connection, TalkError};
use crate::folders::private_folder;
use crate::handshake::initialize;
use crate::inbound::refuse;
use crate::sandbox::OwnFolders;
use crate::{PluginCommand, Timeouts, convert};

/// Steps of a login that may wait for the person; further ones are refused.
const WAITING_STEPS: usize = 64;

/// Logs in through a process that runs for this alone; dropping the future ends it.
///
/// Returns true if the channel is logged in now, which is so at once for plugins that need no login.
/// There is no timeout: a person takes the time that a person takes.
///
/// # Errors
///
/// Returns why the login failed, kind `Auth` if the platform refused.
pub async fn login(
    command: &PluginCommand,
    config: &Metadata,
    cx: LoginContext,
    force: bool,
    timeouts: &Timeouts,
) -> Result<bool, ChannelError> {
    let span = tracing::info_span!("channel", channel = command.name);
    log_in(command, config, cx, force, timeouts).instrument(span).await
}

/// What the plugin wants of the person.
enum Step {
    Show(LoginPrompt),
    Ask(Id, LoginInput),
}

async fn log_in(
    command: &PluginCommand,
    config: &Metadata,
    cx: LoginContext,
    force: bool,
    timeouts: &Timeouts,
) -> Result<bool, ChannelError> {
    let state_dir = private_folder(&cx.state_dir)?;
    let request =
        ChannelLogin { config: config.clone(), state_dir: convert::path_text(&state_dir)?, force };
    let (steps, waiting) = mpsc::channel(WAITING_STEPS);
    let own = OwnFolders { state: Some(&state_dir), ..OwnFolders::default() };
    let mut connection = Connection::open(command, own, |peer| queue(peer, steps))?;
    let peer = connection.peer.clone();
    let talk = async {
        let answer =
            initialize(&peer, command, &command.name, convert::host_capabilities(None), timeouts)
                .await?;
        if answer.capabilities.login.is_none() {
            return Ok(true);
        }
        talk(&peer, &request, waiting, &cx).await
    };
    match connection.until_ended(talk).await {
        Ok(is_logged_in) => {
            connection.shut_down(timeouts).await;
            Ok(is_logged_in)
        }
        Err(error) => Err(connection.fail(error, timeouts).await),
    }
}

async fn talk(
    peer: &Peer,
    request: &ChannelLogin,
    waiting: mpsc::Receiver<Step>,
    cx: &LoginContext,
) -> Result<bool, TalkError> {
    tokio::select! {
        answer = peer.request(request) => Ok(answer?.logged_in),
        error = guide(peer, waiting, cx) => Err(error.into()),
    }
}

/// Takes the person through the steps; returns only if nobody can be shown anything.
async fn guide(peer: &Peer, mut waiting: mpsc::Receiver<Step>, cx: &LoginContext) -> ChannelError {
    while let Some(step) = waiting.recv().await {
        match step {
            Step::Show(prompt) => {
                if let Err(error) = cx.show(convert::login_prompt(prompt)).await {
                    return error;
                }
            }
            Step::Ask(id, input) => ask(peer, id, &input, cx).await,
        }
    }
    std::future::pending().await
}

async fn ask(peer: &Peer, id: Id, input: &LoginInput, cx: &LoginContext) {
    let typed =
        if input.secret { cx.ask_secret(&input.prompt).await } else { cx.ask(&input.prompt).await };
    let result = typed
        .map(|value| LoginInputAnswer { value })
        .map_err(|error| convert::error_object(&error));
    // If the link is closed, the login has failed already.
    let _ = peer.answer(id, result.as_ref()).await;
}

fn queue(peer: Peer, steps: mpsc::Sender<Step>) -> impl FnMut(PluginMessage) + Send + 'static {
    move |message| match message {
        PluginMessage::LoginPrompt(prompt) => {
            if steps.try_send(Step::Show(prompt)).is_err() {
                tracing::warn!("Left out a prompt of the plugin, too many are waiting.");
            }
        }
        PluginMessage::LoginInput(id, input) => {
            if steps.try_send(Step::Ask(id, input)).is_err() {
                let text = "too many questions are waiting";
                refuse(&peer, id, ErrorKind::Overloaded, text);
            }
        }
        PluginMessage::MessageReceived(id, _)
        | PluginMessage::SenderCheck(id, _)
        | PluginMessage::AudioTranscribe(id, _)
        | PluginMessage::MessagePublish(id, _) => {
            refuse(&peer, id, ErrorKind::NotReady, "the channel is not started");
        }
        PluginMessage::ChannelStatus(_) | PluginMessage::StreamAck(_) => {}
    }
}
