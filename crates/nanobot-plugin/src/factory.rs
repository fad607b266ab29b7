use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use nanobot_channel::{
    Channel, ChannelConfig, ChannelError, Description, Metadata, describe, parse_config,
};

use crate::caught::panicked;

/// What the session knows of the author's types; past this point nothing is generic.
pub(crate) struct Factory {
    pub(crate) description: Description,
    build: fn(Metadata) -> Result<Arc<dyn Channel>, ChannelError>,
}

impl Factory {
    pub(crate) fn of<C: ChannelConfig>(version: &str) -> Self {
        Self {
            description: describe::<C>(version),
            build: |section| parse_config::<C>(section)?.build(),
        }
    }

    pub(crate) fn build(&self, section: Metadata) -> Result<Arc<dyn Channel>, ChannelError> {
        // It runs inside the reader, which a panic must not take along.
        catch_unwind(AssertUnwindSafe(|| (self.build)(section)))
            .unwrap_or_else(|panic| Err(panicked("build", &*panic)))
    }
}
