//! Telegram calls. See [Bot API/setWebhook](https://core.telegram.org/bots/api#setwebhook).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::post;
use nanobot_channel::{ChannelError, ErrorKind};
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::Receiver;
use super::backlog::Unit;
use crate::api::{SetWebhook, Update};
use nanobot_channel_kit::Backoff;

/// An update is a message of at most a few kilobytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long a media group is waited for after its last member came.
const GROUP_WAIT: Duration = Duration::from_millis(600);
const SECRET_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

struct Hook {
    receiver: Arc<Receiver>,
    groups: Mutex<HashMap<String, Group>>,
    /// Calls that are being handled. A caller that hangs up does not end them, for the members of a
    /// group wait for one another.
    calls: TaskTracker,
}

/// A media group that is being collected. Telegram sends its members in calls of their own, each
/// of which is answered when the whole group is stored.
struct Group {
    unit: Unit,
    is_done: watch::Sender<Option<bool>>,
}

pub(super) async fn run(receiver: Arc<Receiver>) -> Result<(), ChannelError> {
    let listener = listen(&receiver).await?;
    let shutdown = receiver.cx.shutdown.clone();
    let calls = TaskTracker::new();
    let hook = Arc::new(Hook {
        receiver: Arc::clone(&receiver),
        groups: Mutex::default(),
        calls: calls.clone(),
    });
    let router = Router::new()
        .route(&receiver.config.webhook_path, post(update))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(hook);
    let stopped = shutdown.clone();
    let serve = async {
        let stopped = async move { stopped.cancelled().await };
        let served = axum::serve(listener, router).with_graceful_shutdown(stopped).await;
        served.map_err(|error| ChannelError::internal("the webhook stopped").with_source(error))
    };
    // Telegram is told where to call when somebody listens there.
    let registered = async {
        register(&receiver).await?;
        shutdown.cancelled().await;
        Ok(())
    };
    let ended = tokio::try_join!(serve, registered);
    calls.close();
    calls.wait().await;
    ended.map(|_| ())
}

async fn listen(receiver: &Receiver) -> Result<TcpListener, ChannelError> {
    let config = &receiver.config;
    let address = (config.webhook_listen_host.as_str(), config.webhook_listen_port);
    TcpListener::bind(address).await.map_err(|error| {
        ChannelError::new(ErrorKind::Internal, "failed to listen for telegram's calls")
            .with_hint("choose another channels.telegram.webhookListenPort")
            .with_source(error)
    })
}

async fn register(receiver: &Receiver) -> Result<(), ChannelError> {
    let config = &receiver.config;
    let params = SetWebhook {
        url: config.webhook_url.trim(),
        secret_token: &config.webhook_secret_token,
        max_connections: config.webhook_max_connections.clamp(1, 100),
        allowed_updates: receiver.allowed_updates(),
    };
    let mut backoff = Backoff::default();
    loop {
        match receiver.until_shutdown(receiver.api.set_webhook(&params)).await {
            Ok(()) => {
                receiver.report_connected(false);
                return Ok(());
            }
            Err(error) => {
                if !receiver.wait_after(error, &mut backoff).await? {
                    return Ok(());
                }
            }
        }
    }
}

async fn update(State(hook): State<Arc<Hook>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let secret = headers.get(SECRET_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
    let expected = hook.receiver.config.webhook_secret_token.as_bytes();
    if !bool::from(secret.ct_eq(expected)) {
        return StatusCode::FORBIDDEN;
    }
    let Some(update) = serde_json::from_slice(&body).ok().and_then(Update::read) else {
        return StatusCode::BAD_REQUEST;
    };
    hook.receiver.report_connected(true);
    // Telegram repeats a call that was not answered with success.
    let calls = hook.calls.clone();
    let is_done = calls.spawn(async move { hook.take(update).await }).await;
    if is_done.unwrap_or(false) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

impl Hook {
    async fn take(&self, update: Update) -> bool {
        let Some(message) = update.message else { return true };
        let group = message.media_group_id.clone();
        let unit = Unit { update_ids: vec![update.id], messages: vec![message] };
        match group {
            None => self.receiver.take(&unit).await,
            Some(group) => self.take_member(group, unit).await,
        }
    }

    /// The first member of a group waits for the others and hands over all; they wait for it.
    async fn take_member(&self, group: String, unit: Unit) -> bool {
        match self.join(&group, unit) {
            Some(mut is_done) => {
                let done = is_done.wait_for(Option::is_some).await;
                done.is_ok_and(|done| *done == Some(true))
            }
            None => self.collect(&group).await,
        }
    }

    /// Adds a member; None if it is the first.
    fn join(&self, group: &str, unit: Unit) -> Option<watch::Receiver<Option<bool>>> {
        let mut groups = self.groups();
        if let Some(open) = groups.get_mut(group) {
            open.unit.update_ids.extend(unit.update_ids);
            open.unit.messages.extend(unit.messages);
            return Some(open.is_done.subscribe());
        }
        groups.insert(group.to_owned(), Group { unit, is_done: watch::Sender::new(None) });
        None
    }

    async fn collect(&self, group: &str) -> bool {
        let mut size = 0;
        while !self.is_settled(group, &mut size) {
            if !self.receiver.pause(GROUP_WAIT).await {
                // Nobody knows whether it is whole. Telegram sends it again after the next start.
                self.groups().remove(group);
                return false;
            }
        }
        let Some(mut group) = self.groups().remove(group) else { return false };
        sort(&mut group.unit);
        let is_done = self.receiver.take(&group.unit).await;
        group.is_done.send_replace(Some(is_done));
        is_done
    }

    /// True if a group has not grown since the last look.
    fn is_settled(&self, group: &str, size: &mut usize) -> bool {
        let now = self.groups().get(group).map_or(0, |group| group.unit.messages.len());
        std::mem::replace(size, now) == now
    }

    fn groups(&self) -> MutexGuard<'_, HashMap<String, Group>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The calls may come in any order.
fn sort(unit: &mut Unit) {
    unit.update_ids.sort_unstable();
    unit.messages.sort_by_key(|message| message.message_id);
}
