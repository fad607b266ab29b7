use serde::{Deserialize, Serialize};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What one turn used; stored with its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnUsage {
    /// Channel whose message was answered.
    pub channel: String,
    /// Configured name of the model that answered.
    pub model: String,
    /// Tokens of all questions of the turn, those from the cache among them.
    pub input_tokens: u64,
    /// Tokens of the questions that the provider had kept from earlier ones.
    pub cached_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
    /// Milliseconds from the beginning of the turn to its answer.
    pub took_ms: u64,
}

/// What turns used together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageTotal {
    /// How many they were.
    pub turns: u64,
    /// Tokens of their questions, those from the cache among them.
    pub input_tokens: u64,
    /// Tokens of their questions from the cache.
    pub cached_tokens: u64,
    /// Tokens of their answers.
    pub output_tokens: u64,
    /// Milliseconds that they took, added up.
    pub took_ms: u64,
}

/// Which turns are added up by [`Ledger::usage`](crate::Ledger::usage).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageQuery {
    /// Only turns that ended then or later, in milliseconds since 1970.
    pub from_ms: u64,
    /// How far the clock that days are counted by is ahead of UTC.
    pub utc_offset_ms: i64,
}

/// What the turns of one day through one channel and with one model used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRow {
    /// Beginning of the day, in milliseconds since 1970.
    pub day_ms: i64,
    /// Channel of the messages.
    pub channel: String,
    /// Model that answered.
    pub model: String,
    /// What they used.
    #[serde(flatten)]
    pub total: UsageTotal,
}

/// What the turns of one session used, as far as the ledger remembers them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionUsage {
    /// The newest turn.
    pub last: Option<TurnUsage>,
    /// All of them.
    pub total: UsageTotal,
}

impl UsageQuery {
    /// Number of the day at a time, counted from 1970.
    pub(crate) fn day(&self, ended_ms: u64) -> i64 {
        let local = i64::try_from(ended_ms).unwrap_or(i64::MAX).saturating_add(self.utc_offset_ms);
        local.div_euclid(DAY_MS)
    }

    /// Beginning of a day, in milliseconds since 1970.
    pub(crate) fn day_ms(&self, day: i64) -> i64 {
        day.saturating_mul(DAY_MS).saturating_sub(self.utc_offset_ms)
    }
}

impl std::ops::AddAssign for UsageTotal {
    fn add_assign(&mut self, other: Self) {
        self.turns += other.turns;
        self.input_tokens += other.input_tokens;
        self.cached_tokens += other.cached_tokens;
        self.output_tokens += other.output_tokens;
        self.took_ms += other.took_ms;
    }
}

impl From<&TurnUsage> for UsageTotal {
    fn from(turn: &TurnUsage) -> Self {
        Self {
            turns: 1,
            input_tokens: turn.input_tokens,
            cached_tokens: turn.cached_tokens,
            output_tokens: turn.output_tokens,
            took_ms: turn.took_ms,
        }
    }
}
