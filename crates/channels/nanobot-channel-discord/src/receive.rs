//! From Discord's events to messages for the gateway.

mod addressing;
mod commands;
mod cursors;
mod events;
mod history;
mod inbound;
mod intake;
mod lanes;
mod listen;
mod media;
mod places;
mod recent;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nanobot_channel::{Account, ChannelContext, ChannelError, ChannelState, ChannelStatus};
use nanobot_channel_kit::now_ms;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::api::{Api, ApiError, Id, User};
use crate::config::DiscordConfig;
use crate::send::Speaker;
use cursors::Cursors;
use lanes::Lanes;
use places::Places;
use recent::Recent;

/// Files that are fetched at the same time.
const FETCHES: usize = 8;
/// Histories that are read at the same time.
const HISTORIES: usize = 4;

/// The receiving side while the channel runs.
pub(crate) struct Receiver {
    cx: ChannelContext,
    api: Arc<Api>,
    config: Arc<DiscordConfig>,
    /// For reactions, the typing sign and answers to commands.
    speaker: Arc<Speaker>,
    /// The bot itself, known after the first connection.
    me: OnceLock<User>,
    places: Places,
    cursors: Cursors,
    recent: Recent,
    lanes: Lanes,
    fetches: Semaphore,
    histories: Semaphore,
    /// Lanes, commands and what else runs beside the connection.
    tasks: TaskTracker,
}

/// Receives until the channel shall stop.
///
/// # Errors
///
/// Kind `Auth` if the token is wrong, `Invalid` if the bot lacks intents. Everything else is waited
/// out.
pub(crate) async fn run(
    cx: ChannelContext,
    api: Arc<Api>,
    config: Arc<DiscordConfig>,
    speaker: Arc<Speaker>,
) -> Result<(), ChannelError> {
    let receiver = Arc::new(Receiver {
        cursors: Cursors::open(&cx.state_dir).await,
        cx,
        api,
        config,
        speaker,
        me: OnceLock::new(),
        places: Places::default(),
        recent: Recent::default(),
        lanes: Lanes::default(),
        fetches: Semaphore::new(FETCHES),
        histories: Semaphore::new(HISTORIES),
        tasks: TaskTracker::new(),
    });
    let ended = tokio::select! {
        ended = receiver.listen() => ended,
        never = receiver.cursors.keep_saved() => match never {},
    };
    // What runs beside ends by itself only when the channel stops.
    receiver.cx.shutdown.cancel();
    receiver.tasks.close();
    receiver.tasks.wait().await;
    receiver.cursors.save().await;
    ended
}

impl Receiver {
    fn my_id(&self) -> Id {
        self.me.get().map(|me| me.id).unwrap_or_default()
    }

    /// Waits; false if the channel shall stop.
    async fn pause(&self, time: Duration) -> bool {
        nanobot_channel_kit::pause(&self.cx, time).await
    }

    /// A call that ends early when the channel shall stop.
    async fn until_shutdown<T>(
        &self,
        call: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let stopped = || Err(ApiError::File(std::io::ErrorKind::Interrupted.into()));
        self.cx.shutdown.run_until_cancelled(call).await.unwrap_or_else(stopped)
    }

    /// Tells the gateway that Discord is there.
    fn report_connected(&self, heard: bool) {
        let name = self.me.get().map(|me| format!("@{}", me.username));
        let account = Account { id: self.my_id().to_string(), display_name: name.clone() };
        self.cx.report(ChannelStatus {
            message: name,
            account: Some(account),
            last_event_ms: heard.then(now_ms),
            last_success_ms: Some(now_ms()),
            ..ChannelState::Connected.into()
        });
    }
}
