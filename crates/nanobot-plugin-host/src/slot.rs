use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_channel::{ChannelError, ErrorKind};

use crate::live::Live;

/// Where `send` finds the process that `run` keeps.
#[derive(Default)]
pub(crate) struct Slot {
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Empty,
    /// A process starts or ends.
    Taken,
    Live(Arc<Live>),
}

/// The right of one `run` to fill the slot; it is empty when this is dropped.
pub(crate) struct Tenancy<'a> {
    slot: &'a Slot,
}

impl Slot {
    pub(crate) fn take(&self) -> Result<Tenancy<'_>, ChannelError> {
        let mut state = self.state();
        match *state {
            State::Empty => {
                *state = State::Taken;
                Ok(Tenancy { slot: self })
            }
            State::Taken | State::Live(_) => {
                Err(ChannelError::invalid("the channel is running already"))
            }
        }
    }

    pub(crate) fn live(&self) -> Result<Arc<Live>, ChannelError> {
        match &*self.state() {
            State::Live(live) => Ok(Arc::clone(live)),
            State::Empty | State::Taken => {
                Err(ChannelError::new(ErrorKind::NotReady, "the plugin is not running"))
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tenancy<'_> {
    /// From now on deliveries are taken.
    pub(crate) fn fill(&self, live: Live) {
        *self.slot.state() = State::Live(Arc::new(live));
    }

    /// No new delivery is taken; those under way go on.
    pub(crate) fn clear(&self) {
        *self.slot.state() = State::Taken;
    }
}

impl Drop for Tenancy<'_> {
    fn drop(&mut self) {
        *self.slot.state() = State::Empty;
    }
}
