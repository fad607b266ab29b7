//! The tools one by one, for use by hand.

use std::time::Duration;

use crate::cli::{LoadArgs, ModelArgs, ShapeArgs};
use crate::console::say;
use crate::load::{self, Amount, Outcome, Pace, Plan, Times};
use crate::meter::{Usage, measure};
use crate::model::{Manner, Model, Shape};
use crate::platform::{Behaviour, Platform};

/// How long to write, unless something else is said.
const TIME: Duration = Duration::from_secs(10);

/// Runs the model server until it is ended from outside.
pub(crate) async fn model(args: &ModelArgs) -> anyhow::Result<()> {
    let manner = Manner {
        shape: Shape::from(&args.shape),
        before_answer: Duration::from_millis(args.delay_ms),
        between_deltas: Duration::from_millis(args.delta_ms),
    };
    let model = Model::start(args.port, manner).await?;
    say(&format!("apiBase: {}", model.base_url()))?;
    model.server.ended().await;
    Ok(())
}

/// Loads a gateway, and tells what became of the messages; false if something went wrong.
pub(crate) async fn load(args: &LoadArgs) -> anyhow::Result<bool> {
    let platform =
        Platform::start(args.callback, Behaviour::Prompt, Shape::from(&args.shape)).await?;
    let before = args.pid.map(measure);
    let outcome = load::run(args.webhook, plan(args), &platform.tally).await;
    say(&summary(&outcome))?;
    if let (Some(before), Some(after)) = (before, args.pid.map(measure)) {
        say(&usage(before, after, outcome.answered.max(outcome.accepted)))?;
    }
    let judged = if args.accept_only { outcome.of_acceptance() } else { outcome };
    for fault in judged.faults() {
        say(&format!("fault: {fault}"))?;
    }
    Ok(judged.faults().is_empty())
}

fn plan(args: &LoadArgs) -> Plan {
    Plan {
        lanes: args.chats as usize,
        pace: match args.rate {
            Some(rate) => Pace::PerSecond(rate),
            None if args.accept_only => Pace::AfterAcceptance,
            None => Pace::AfterAnswer,
        },
        amount: match args.messages {
            Some(messages) => Amount::Messages(messages),
            None => Amount::Time(args.seconds.map_or(TIME, Duration::from_secs)),
        },
        messages_per_chat: args.messages_per_chat,
        waits_for_answers: !args.accept_only,
        ..Plan::default()
    }
}

fn summary(outcome: &Outcome) -> String {
    format!(
        "sent {}, accepted {} ({:.0}/s), answered {} ({:.0}/s), came again with the mark {}\n\
         acceptance: {}\nanswer:     {}",
        outcome.sent,
        outcome.accepted,
        outcome.accepted_per_second(),
        outcome.answered,
        outcome.answered_per_second(),
        outcome.marked,
        times(&outcome.acceptance),
        times(&outcome.answer),
    )
}

fn times(times: &Times) -> String {
    let [median, p90, p99] = [0.5, 0.9, 0.99].map(|share| times.at(share).as_secs_f64() * 1000.0);
    let slowest = times.max().as_secs_f64() * 1000.0;
    format!("median {median:.2} ms, p90 {p90:.2} ms, p99 {p99:.2} ms, slowest {slowest:.2} ms")
}

fn usage(before: Usage, after: Usage, messages: u64) -> String {
    let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
    format!(
        "{} processes, {:.1} MB (before: {:.1} MB), {cpu:.2} s of CPU, {:.3} s for 1,000 messages",
        after.processes,
        after.pss_bytes as f64 / 1e6,
        before.pss_bytes as f64 / 1e6,
        cpu * 1000.0 / messages as f64,
    )
}

impl From<&ShapeArgs> for Shape {
    fn from(args: &ShapeArgs) -> Self {
        Self { deltas: args.deltas as usize, words_per_delta: args.words_per_delta as usize }
    }
}
