//! A channel behind the SDK, as a host sees it.

mod session;
mod streams;
#[cfg(test)]
mod support;
mod wire;
