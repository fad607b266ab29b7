use std::collections::BTreeMap;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::ByChannel;
use crate::status::{ChannelReport, State};

/// How things are when somebody asks.
pub(crate) struct Moment {
    /// The channels, with what is to be delivered through each.
    pub(crate) channels: BTreeMap<String, ChannelReport>,
    /// Messages that are not answered yet; `None` if the ledger does not say.
    pub(crate) unanswered: Option<usize>,
}

/// What is not counted but looked at.
#[derive(Debug, Default)]
pub(super) struct MomentGauges {
    unanswered: Gauge,
    connected: Family<ByChannel, Gauge>,
    deliveries_waiting: Family<ByChannel, Gauge>,
    lane_items: Family<ByChannel, Gauge>,
}

impl MomentGauges {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Messages that wait for their turn or are in it";
        registry.register("messages_unanswered", help, self.unanswered.clone());
        let help = "Whether a channel is connected to its platform";
        registry.register("channel_connected", help, self.connected.clone());
        let help = "Stored messages that wait for their delivery or are under way";
        registry.register("deliveries_waiting", help, self.deliveries_waiting.clone());
        let help = "Everything in the delivery lanes of a channel, streams and progress too";
        registry.register("lane_items", help, self.lane_items.clone());
    }

    pub(super) fn set(&self, moment: &Moment) {
        if let Some(unanswered) = moment.unanswered {
            self.unanswered.set(whole(unanswered));
        }
        // A channel that is not there any more is not told of.
        for family in [&self.connected, &self.deliveries_waiting, &self.lane_items] {
            family.clear();
        }
        for (channel, report) in &moment.channels {
            let labels = ByChannel { channel: channel.clone() };
            let is_connected = report.state == State::Connected;
            self.connected.get_or_create(&labels).set(i64::from(is_connected));
            let queue = report.queue;
            self.deliveries_waiting.get_or_create(&labels).set(whole(queue.deliveries));
            self.lane_items.get_or_create(&labels).set(whole(queue.deliveries + queue.others));
        }
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
