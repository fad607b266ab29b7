use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use nanobot_channel::{Channel, ChannelError, Delta, ErrorKind, OutboundMessage, Receipt, Sender};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::channel_spec::{ChannelSpec, OnUnknown};
use crate::rights::Rights;

/// The channels of the gateway. Written by the supervisor, read by intakes, turns and delivery lanes.
#[derive(Default)]
pub(crate) struct Roster {
    entries: RwLock<HashMap<String, Entry>>,
}

struct Entry {
    hears: Hears,
    on_unknown: Option<OnUnknown>,
    allow_from: Arc<[String]>,
    rights: Arc<Rights>,
    calls: Calls,
    running: Option<Running>,
    /// True from the moment on in which a channel is asked to end until it runs again.
    is_leaving: bool,
}

/// How many calls of a channel may be under way at once. Whoever waits gets its turn in the order of
/// asking, and each lane asks for one call at a time: that makes it fair between chats.
#[derive(Clone)]
struct Calls {
    limit: usize,
    permits: Arc<Semaphore>,
}

struct Running {
    channel: Arc<dyn Channel>,
    users: TaskTracker,
}

/// What a channel wants to hear while a turn runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hears {
    pub(crate) deltas: bool,
    /// Deltas of the turns that ask for them.
    pub(crate) deltas_on_request: bool,
    pub(crate) progress: bool,
    pub(crate) tool_hints: bool,
}

/// A running channel in use by a delivery. While there is one, a channel that is to stop in order
/// is not yet asked to.
pub(crate) struct Lease {
    channel: Arc<dyn Channel>,
    permits: Arc<Semaphore>,
    _user: TaskTrackerToken,
}

impl Roster {
    /// Adds a channel, or changes the rules by which it is used.
    pub(crate) fn enroll(&self, spec: &ChannelSpec) {
        let mut entries = self.write();
        let before = entries.remove(&spec.name);
        let same_limit = before.as_ref().filter(|it| it.calls.limit == spec.max_concurrent());
        let calls =
            same_limit.map_or_else(|| Calls::new(spec.max_concurrent()), |it| it.calls.clone());
        let (running, is_leaving) = before.map_or((None, false), |it| (it.running, it.is_leaving));
        let entry = Entry {
            hears: Hears {
                deltas: spec.streams,
                deltas_on_request: spec.rights.asks_for_streams,
                progress: spec.send_progress,
                tool_hints: spec.send_tool_hints,
            },
            on_unknown: (!spec.deduplicates).then_some(spec.on_unknown),
            allow_from: spec.allow_from.clone().into(),
            rights: Arc::new(spec.rights.clone()),
            calls,
            running,
            is_leaving,
        };
        entries.insert(spec.name.clone(), entry);
    }

    /// Forgets a channel. Deliveries that use it may finish.
    pub(crate) fn withdraw(&self, name: &str) {
        self.write().remove(name);
    }

    /// What a channel wants to hear; nothing if it is not known.
    pub(crate) fn hears(&self, name: &str) -> Hears {
        self.read().get(name).map(|entry| entry.hears).unwrap_or_default()
    }

    /// What to do with a delivery of unknown outcome; `None` if repeating it is safe.
    pub(crate) fn on_unknown(&self, name: &str) -> Option<OnUnknown> {
        self.read().get(name).map_or(Some(OnUnknown::default()), |entry| entry.on_unknown)
    }

    /// Whether somebody may write through a channel; nobody may through one that is not known.
    pub(crate) fn allows(&self, name: &str, sender: &Sender) -> bool {
        self.read().get(name).is_some_and(|entry| sender.is_on(&entry.allow_from))
    }

    /// What a channel may do beyond receiving and delivering; nothing if it is not known.
    pub(crate) fn rights(&self, name: &str) -> Arc<Rights> {
        self.read().get(name).map(|entry| Arc::clone(&entry.rights)).unwrap_or_default()
    }

    /// Whether messages of a channel are not taken, because it is about to end.
    pub(crate) fn is_leaving(&self, name: &str) -> bool {
        self.read().get(name).is_none_or(|entry| entry.is_leaving)
    }

    /// Whether the channel can be delivered to.
    pub(crate) fn is_running(&self, name: &str) -> bool {
        self.read().get(name).is_some_and(|entry| entry.running.is_some())
    }

    /// The channel itself, while it runs.
    pub(crate) fn lease(&self, name: &str) -> Result<Lease, ChannelError> {
        let entries = self.read();
        let lease = entries.get(name).and_then(|entry| {
            let Running { channel, users } = entry.running.as_ref()?;
            let permits = Arc::clone(&entry.calls.permits);
            Some(Lease { channel: Arc::clone(channel), permits, _user: users.token() })
        });
        lease.ok_or_else(|| ChannelError::new(ErrorKind::NotReady, "the channel is not running"))
    }

    /// From now on the channel is delivered to; who does so is in the tracker.
    pub(crate) fn open(&self, name: &str, channel: Arc<dyn Channel>) -> TaskTracker {
        let users = TaskTracker::new();
        if let Some(entry) = self.write().get_mut(name) {
            entry.running = Some(Running { channel, users: users.clone() });
            entry.is_leaving = false;
        }
        users
    }

    /// From now on nothing new is delivered to the channel, and nothing taken from it.
    pub(crate) fn leave(&self, name: &str) {
        if let Some(entry) = self.write().get_mut(name) {
            entry.running = None;
            entry.is_leaving = true;
        }
    }

    /// The channel is gone.
    pub(crate) fn close(&self, name: &str) {
        if let Some(entry) = self.write().get_mut(name) {
            entry.running = None;
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, Entry>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    fn new(limit: usize) -> Self {
        Self { limit, permits: Arc::new(Semaphore::new(limit.clamp(1, Semaphore::MAX_PERMITS))) }
    }
}

impl Lease {
    /// Calls the channel when it is this call's turn. The time of waiting is not the channel's.
    pub(crate) async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        let _permit = self.permits.acquire().await;
        crate::delivery::guarded(self.channel.send(message)).await
    }

    /// See [`send`](Self::send).
    pub(crate) async fn send_delta(&self, delta: Delta<'_>) -> Result<Receipt, ChannelError> {
        let _permit = self.permits.acquire().await;
        crate::delivery::guarded(self.channel.send_delta(delta)).await
    }
}
