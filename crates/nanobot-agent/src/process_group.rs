//! A group of processes that ends together.

use rustix::process::{Pid, Signal, kill_process_group};

/// Ends a process and all its children when it is dropped: they must not outlive what they were
/// started for.
#[derive(Debug)]
pub(crate) struct GroupGuard(Option<Pid>);

impl GroupGuard {
    /// Guards the group that a process leads.
    pub(crate) fn of_leader(id: Option<u32>) -> Self {
        Self(id.and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }
}

impl Drop for GroupGuard {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // Fails when nobody is left in the group.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}
