use reqwest::Method;

use super::Id;

/// One endpoint with its place.
///
/// Endpoints are limited by the route and by the channel, or the interaction, that it names.
/// See [Discord/rate limits](https://docs.discord.com/developers/topics/rate-limits).
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(super) method: Method,
    pub(super) path: String,
    /// The route without what it names.
    pub(super) template: &'static str,
    /// The top-level resource: a channel, mostly.
    pub(super) major: String,
    /// Interactions do not count against the global limit.
    pub(super) is_global: bool,
}

impl Route {
    pub(super) fn new(method: Method, path: impl Into<String>, template: &'static str) -> Self {
        Self { method, path: path.into(), template, major: String::new(), is_global: true }
    }

    pub(super) fn of_channel(
        method: Method,
        channel: Id,
        rest: impl std::fmt::Display,
        template: &'static str,
    ) -> Self {
        let route = Self::new(method, format!("/channels/{channel}{rest}"), template);
        Self { major: channel.to_string(), ..route }
    }

    pub(super) fn of_interaction(
        method: Method,
        path: String,
        interaction: Id,
        template: &'static str,
    ) -> Self {
        let major = interaction.to_string();
        Self { major, is_global: false, ..Self::new(method, path, template) }
    }
}
