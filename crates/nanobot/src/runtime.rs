//! The asynchronous runtime of the commands.

use std::future::Future;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};

use crate::exit::Outcome;

/// The runtime of a command that does one thing after another.
pub(crate) fn single_threaded() -> anyhow::Result<Runtime> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime")
}

/// The runtime of the gateway.
pub(crate) fn multi_threaded() -> anyhow::Result<Runtime> {
    let runtime = Builder::new_multi_thread().enable_all().build();
    runtime.context("cannot start the runtime")
}

/// Runs a command until it ends or a person presses Ctrl-C.
///
/// Then the command's future is dropped, so that child processes end with it.
pub(crate) fn interruptible(
    command: impl Future<Output = anyhow::Result<Outcome>>,
) -> anyhow::Result<Outcome> {
    let runtime = single_threaded()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = command => ended,
            Ok(()) = tokio::signal::ctrl_c() => Ok(Outcome::Interrupted),
        }
    });
    // A thread that still waits for somebody to type must not keep the process alive.
    runtime.shutdown_background();
    ended
}
