use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex whose data stay valid even if a holder panicked.
///
/// Every use in this crate changes its data in one step, so a panic elsewhere leaves nothing half
/// done, and one failed task must not take the page down for all.
///
/// Where several are held, they are taken in this order: transcript, gateway, index, streams,
/// connections.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
