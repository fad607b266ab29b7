mod layer;
mod values;

use std::sync::OnceLock;

use layer::JsonLines;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, registry, reload};

/// Set in a plugin's process; in a test harness the level is the test's business.
static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Sends log lines and panics to stderr, one JSON object per line.
pub(crate) fn install() {
    let (level, handle) = reload::Layer::new(LevelFilter::INFO);
    let subscriber = registry().with(JsonLines.with_filter(level));
    // Fails if the author has set up logging of another kind, which is then the author's wish.
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        let _ = LEVEL.set(handle);
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(panic = message, place, "The channel panicked.");
    }));
}

/// Takes the host's word for how much it wants to read.
pub(crate) fn set_level(level: &str) {
    let Some(handle) = LEVEL.get() else { return };
    match level.parse::<LevelFilter>() {
        Ok(level) => {
            // Fails only without a subscriber, which was set before the handle.
            let _ = handle.reload(level);
        }
        Err(_) => tracing::debug!(level, "Ignored an unknown log level."),
    }
}
