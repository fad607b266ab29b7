use nanobot_agent::{TurnOutcome, Usage};
use nanobot_ledger::TurnUsage;

/// What a turn used, for the ledger; nothing if no model answered. `channel` is where its message
/// came from.
#[must_use]
pub fn turn_usage(channel: &str, outcome: &TurnOutcome) -> Option<TurnUsage> {
    let Usage { input_tokens, cached_tokens, output_tokens } = outcome.usage;
    Some(TurnUsage {
        channel: channel.to_owned(),
        model: outcome.model.clone()?,
        input_tokens,
        cached_tokens,
        output_tokens,
        took_ms: u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}
