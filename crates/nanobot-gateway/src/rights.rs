/// What a channel may do beyond receiving and delivering; by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// Lets in senders whom the channel vouches for, also if they are not on the allow-list.
    pub vouches: bool,
    /// Gets a stream for each message that asks for one in its metadata, also if its config does not
    /// ask for streams.
    pub asks_for_streams: bool,
    /// Other channels that it may send messages through; `"*"` for all.
    pub publishes_to: Vec<String>,
}

impl Rights {
    pub(crate) fn may_publish_to(&self, channel: &str) -> bool {
        self.publishes_to.iter().any(|entry| entry == "*" || entry == channel)
    }
}
