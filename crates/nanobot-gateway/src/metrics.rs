//! What the gateway counts, in the OpenMetrics text format.
//!
//! Labels are names of channels and models, both from the configuration, and fixed words, never chats
//! or people: their number is bounded.

mod moment;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use nanobot_ledger::TurnUsage;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

pub(crate) use moment::Moment;
use moment::MomentGauges;

/// Stands for the model of a turn that none answered.
const NO_MODEL: &str = "none";
/// Upper bounds of the histograms' buckets, in seconds: from the gateway's own cost to a slow model.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    channel: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByChannel {
    channel: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByModel {
    channel: String,
    model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByTokens {
    channel: String,
    model: String,
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByWord {
    kind: &'static str,
}

/// The counters of one gateway.
pub(crate) struct Metrics {
    registry: Registry,
    messages: Family<ByOutcome, Counter>,
    accept_seconds: Histogram,
    turns: Family<ByWord, Counter>,
    turn_seconds: Family<ByModel, Histogram, fn() -> Histogram>,
    tokens: Family<ByTokens, Counter>,
    deliveries: Family<ByOutcome, Counter>,
    delivery_seconds: Histogram,
    restarts: Family<ByChannel, Counter>,
    turns_running: Gauge,
    lanes_open: Gauge,
    uptime: Gauge<f64, AtomicU64>,
    moment: MomentGauges,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("nanobot"),
            messages: Family::default(),
            accept_seconds: Histogram::new(SECONDS),
            turns: Family::default(),
            turn_seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            tokens: Family::default(),
            deliveries: Family::default(),
            delivery_seconds: Histogram::new(SECONDS),
            restarts: Family::default(),
            turns_running: Gauge::default(),
            lanes_open: Gauge::default(),
            uptime: Gauge::default(),
            moment: MomentGauges::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let it = &mut self.registry;
        it.register("messages", "Messages that channels offered", self.messages.clone());
        let help = "Time from the offer of a message to its place in the ledger";
        it.register_with_unit("accept", help, Unit::Seconds, self.accept_seconds.clone());
        it.register("turns", "Turns of the agent, by how they ended", self.turns.clone());
        let help =
            "Time from the claim of a message to the stored answer, by the model that answered";
        it.register_with_unit("turn", help, Unit::Seconds, self.turn_seconds.clone());
        it.register(
            "tokens",
            "Tokens of turns: input (cached ones among them), cached and output",
            self.tokens.clone(),
        );
        it.register("deliveries", "Deliveries, by how they ended", self.deliveries.clone());
        let help = "Time from the stored answer to the receipt";
        it.register_with_unit("delivery", help, Unit::Seconds, self.delivery_seconds.clone());
        it.register(
            "channel_restarts",
            "Starts of a channel after the first",
            self.restarts.clone(),
        );
        it.register("turns_running", "Turns that run now", self.turns_running.clone());
        it.register(
            "lanes_open",
            "Chats that something is delivered to now",
            self.lanes_open.clone(),
        );
        let help = "Time since the gateway started";
        it.register_with_unit("uptime", help, Unit::Seconds, self.uptime.clone());
        self.moment.register(it);
    }

    /// A message was offered; `outcome` is `accepted`, `duplicate`, `denied` or the kind of an error.
    pub(crate) fn message(&self, channel: &str, outcome: &'static str, took: Duration) {
        let labels = ByOutcome { channel: channel.to_owned(), outcome };
        self.messages.get_or_create(&labels).inc();
        if outcome == "accepted" {
            self.accept_seconds.observe(took.as_secs_f64());
        }
    }

    /// A turn began; it runs until [`turn_ended`](Self::turn_ended).
    pub(crate) fn turn_began(&self) {
        self.turns_running.inc();
    }

    /// A turn ended; without a model if none answered.
    pub(crate) fn turn_ended(
        &self,
        ending: &'static str,
        channel: &str,
        model: Option<String>,
        took: Duration,
    ) {
        self.turns_running.dec();
        self.turns.get_or_create(&ByWord { kind: ending }).inc();
        let model = model.unwrap_or_else(|| NO_MODEL.to_owned());
        let labels = ByModel { channel: channel.to_owned(), model };
        self.turn_seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(crate) fn tokens(&self, used: &TurnUsage) {
        let count = |kind: &'static str, tokens: u64| {
            let (channel, model) = (used.channel.clone(), used.model.clone());
            self.tokens.get_or_create(&ByTokens { channel, model, kind }).inc_by(tokens);
        };
        count("input", used.input_tokens);
        count("cached", used.cached_tokens);
        count("output", used.output_tokens);
    }

    /// A delivery ended; `outcome` is `delivered` or `dead`.
    pub(crate) fn delivery_ended(&self, channel: &str, outcome: &'static str, took: Duration) {
        self.count_delivery(channel, outcome);
        self.delivery_seconds.observe(took.as_secs_f64());
    }

    /// A delivery was put aside.
    pub(crate) fn delivery_held(&self, channel: &str) {
        self.count_delivery(channel, "held");
    }

    fn count_delivery(&self, channel: &str, outcome: &'static str) {
        let labels = ByOutcome { channel: channel.to_owned(), outcome };
        self.deliveries.get_or_create(&labels).inc();
    }

    pub(crate) fn lane_opened(&self) {
        self.lanes_open.inc();
    }

    pub(crate) fn lane_closed(&self) {
        self.lanes_open.dec();
    }

    pub(crate) fn restarted(&self, channel: &str) {
        self.restarts.get_or_create(&ByChannel { channel: channel.to_owned() }).inc();
    }

    /// All of it as text, with how things are at this moment.
    pub(crate) fn render(&self, uptime: Duration, moment: &Moment) -> String {
        self.uptime.set(uptime.as_secs_f64());
        self.moment.set(moment);
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string cannot fail");
        text
    }
}
