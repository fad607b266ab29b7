use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use nanobot_channel::ChannelError;

/// Runs a call into the author's code; a panic there is an error of this call and of nothing else.
pub(crate) async fn caught<T>(
    call: &'static str,
    work: impl Future<Output = Result<T, ChannelError>>,
) -> Result<T, ChannelError> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(panicked(call, &*panic)))
}

/// The error that a panic of the author's code is reported as.
pub(crate) fn panicked(call: &str, panic: &(dyn Any + Send)) -> ChannelError {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    ChannelError::internal(format!("{call} panicked: {text}"))
}
