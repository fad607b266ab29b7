use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use nanobot_channel::{ChannelContext, ChannelError};
use nanobot_plugin_link::Peer;
use nanobot_protocol::line::Id;
use nanobot_protocol::{
    ChannelState, ChannelStatus, ErrorKind, ErrorObject, MessageReceived, MessageReceivedAnswer,
    PluginMessage, SenderCheck, SenderCheckAnswer,
};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::convert;
use crate::folders::Folders;
use crate::lanes::{Lane, Lanes};
use crate::services;
use crate::streams::Streams;

/// Requests of one plugin that are dealt with at a time, whatever limit it names.
const MAX_IN_FLIGHT: u32 = 64;

/// When a plugin that asks too much at once may ask again.
const OVERLOADED_RETRY: Duration = Duration::from_millis(100);

/// How long the gateway may take, after the plugin's end, to store what it was storing.
const FINISH_WAIT: Duration = Duration::from_secs(10);

/// What the plugin says while its channel runs.
///
/// The link's reader calls [`handle`](Self::handle), which never waits: messages of one chat go to
/// the gateway one after the other, those of different chats at the same time, and what is too much
/// is refused at once.
pub(crate) struct Inbound {
    cx: ChannelContext,
    folders: Folders,
    streams: Arc<Streams>,
    is_open: AtomicBool,
    room: Arc<Semaphore>,
    lanes: Lanes<Received>,
    tasks: TaskTracker,
    reason: Mutex<Option<ErrorObject>>,
    gave_up: CancellationToken,
}

/// A message on its way, with its share of the room.
struct Received {
    id: Id,
    message: MessageReceived,
    permit: OwnedSemaphorePermit,
}

impl Inbound {
    pub(crate) fn new(cx: ChannelContext, folders: Folders, streams: Arc<Streams>) -> Self {
        Self {
            cx,
            folders,
            streams,
            is_open: AtomicBool::new(false),
            room: Arc::new(Semaphore::new(0)),
            lanes: Lanes::new(),
            tasks: TaskTracker::new(),
            reason: Mutex::default(),
            gave_up: CancellationToken::new(),
        }
    }

    /// From now on messages are taken; before, nobody asked the plugin to receive any.
    pub(crate) fn open(&self, plugin_limit: u32) {
        let limit = plugin_limit.clamp(1, MAX_IN_FLIGHT);
        self.room.add_permits(limit as usize);
        self.is_open.store(true, Ordering::Release);
    }

    /// Deals with one message of the plugin, in the order of the pipe. Does not wait.
    pub(crate) fn handle(self: &Arc<Self>, peer: &Peer, message: PluginMessage) {
        match message {
            PluginMessage::MessageReceived(id, message) => self.receive(peer, id, message),
            PluginMessage::SenderCheck(id, check) => {
                self.serve(peer, id, move |this| async move { this.is_allowed(check).await });
            }
            PluginMessage::AudioTranscribe(id, recording) => {
                let cx = self.cx.clone();
                self.serve(peer, id, move |_| services::transcribe(cx, recording));
            }
            PluginMessage::MessagePublish(id, message) => {
                let (cx, folders) = (self.cx.clone(), self.folders.clone());
                self.serve(peer, id, move |_| services::publish(cx, folders, message));
            }
            PluginMessage::ChannelStatus(status) => self.report(status),
            PluginMessage::StreamAck(ack) => self.streams.acknowledge(ack),
            PluginMessage::LoginInput(id, _) => refuse(
                peer,
                id,
                ErrorKind::Unsupported,
                "nobody is here to answer; this is no login",
            ),
            PluginMessage::LoginPrompt(_) => {
                tracing::debug!("Ignored a prompt of the plugin, this is no login.");
            }
        }
    }

    /// Returns when the plugin said that it has given up.
    pub(crate) async fn gave_up(&self) {
        self.gave_up.cancelled().await;
    }

    /// Why the plugin is in a state that it cannot leave by itself.
    pub(crate) fn take_reason(&self) -> Option<ErrorObject> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits for what is being stored.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        if timeout(FINISH_WAIT, self.tasks.wait()).await.is_err() {
            tracing::error!("The gateway does not finish with the plugin's messages.");
        }
    }

    fn receive(self: &Arc<Self>, peer: &Peer, id: Id, message: MessageReceived) {
        let Some(permit) = self.admit(peer, id) else {
            return;
        };
        let lane = self.lanes.lane((&message.chat.id, &message.thread_id));
        let received = Received { id, message, permit };
        if let Some(first) = self.lanes.push(lane, received) {
            let worker = Arc::clone(self).work(peer.clone(), lane, first);
            self.tasks.spawn(worker.in_current_span());
        }
    }

    async fn work(self: Arc<Self>, peer: Peer, lane: Lane, first: Received) {
        let mut next = Some(first);
        while let Some(received) = next {
            // Nobody hears the answer any more; the message is offered again by the next process.
            if !peer.is_closed() {
                self.store(&peer, received).await;
            }
            next = self.lanes.next(lane);
        }
    }

    async fn store(&self, peer: &Peer, received: Received) {
        let result = guarded(self.offer(received.message)).await;
        // Before the answer: it may call forth the next message at once.
        drop(received.permit);
        let _ = peer.answer(received.id, result.as_ref()).await;
    }

    async fn offer(&self, message: MessageReceived) -> Result<MessageReceivedAnswer, ErrorObject> {
        let is_vouched = message.sender.vouched;
        let message = convert::inbound(message, &self.folders.media_dir)?;
        let handled = match is_vouched {
            true => self.cx.handle_vouched_message(message).await,
            false => self.cx.handle_message(message).await,
        };
        match handled {
            Ok(acceptance) => Ok(convert::acceptance(acceptance)),
            Err(error) => Err(convert::error_object(&error)),
        }
    }

    async fn is_allowed(&self, check: SenderCheck) -> Result<SenderCheckAnswer, ErrorObject> {
        let sender = convert::sender(check.sender)?;
        match self.cx.is_allowed(sender).await {
            Ok(allowed) => Ok(SenderCheckAnswer { allowed }),
            Err(error) => Err(convert::error_object(&error)),
        }
    }

    /// Answers a request in a task of its own.
    fn serve<T, W>(
        self: &Arc<Self>,
        peer: &Peer,
        id: Id,
        work: impl FnOnce(Arc<Self>) -> W + Send + 'static,
    ) where
        T: Serialize + Send + Sync,
        W: Future<Output = Result<T, ErrorObject>> + Send,
    {
        let Some(permit) = self.admit(peer, id) else {
            return;
        };
        let (this, peer) = (Arc::clone(self), peer.clone());
        let answering = async move {
            let result = guarded(work(this)).await;
            drop(permit);
            let _ = peer.answer(id, result.as_ref()).await;
        };
        self.tasks.spawn(answering.in_current_span());
    }

    fn admit(&self, peer: &Peer, id: Id) -> Option<OwnedSemaphorePermit> {
        if !self.is_open.load(Ordering::Acquire) {
            refuse(peer, id, ErrorKind::NotReady, "the channel is not started");
            return None;
        }
        let permit = Arc::clone(&self.room).try_acquire_owned();
        if permit.is_err() {
            peer.answer_now::<()>(id, Err(&convert::overloaded(OVERLOADED_RETRY)));
        }
        permit.ok()
    }

    fn report(&self, status: ChannelStatus) {
        let state = status.state;
        self.remember(&status);
        self.cx.report(convert::status(status));
        if state == ChannelState::Failed {
            self.gave_up.cancel();
        }
    }

    fn remember(&self, status: &ChannelStatus) {
        let kind = match status.state {
            ChannelState::Failed => ErrorKind::Internal,
            ChannelState::LoginRequired => ErrorKind::Auth,
            ChannelState::Connected => return self.set_reason(None),
            ChannelState::Connecting | ChannelState::Retrying => return,
        };
        let reason = status.error.clone().unwrap_or_else(|| {
            let message = status.message.as_deref();
            ErrorObject::new(kind, message.unwrap_or("the plugin has given up"))
        });
        self.set_reason(Some(reason));
    }

    fn set_reason(&self, reason: Option<ErrorObject>) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

pub(crate) fn refuse(peer: &Peer, id: Id, kind: ErrorKind, message: &str) {
    peer.answer_now::<()>(id, Err(&ErrorObject::new(kind, message)));
}

/// A panic of the gateway is answered like an error; it must not stop the other messages.
async fn guarded<T>(work: impl Future<Output = Result<T, ErrorObject>>) -> Result<T, ErrorObject> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("The gateway panicked over a message.");
        Err(convert::error_object(&ChannelError::internal("the gateway failed on this message")))
    })
}
