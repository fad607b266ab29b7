use std::collections::BTreeSet;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Longer times count as this one; three digits of each are kept.
const LONGEST_US: u64 = 3600 * 1_000_000;

/// What became of the messages of a load.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    /// Not answered with 200, or not at all.
    pub(crate) refused: u64,
    /// Why, each reason once.
    pub(crate) refusals: BTreeSet<String>,
    pub(crate) answered: u64,
    /// Accepted, but without an answer.
    pub(crate) unanswered: u64,
    /// Answers that came again.
    pub(crate) doubled: u64,
    /// Answers that came again, with the word that this may be so.
    pub(crate) marked: u64,
    /// Answers that came after one to a later message of the same chat.
    pub(crate) out_of_order: u64,
    /// Answers that are not what the model said.
    pub(crate) wrong_texts: u64,
    /// Posts of answers that were still being written.
    pub(crate) unfinished_posts: u64,
    /// From the first message to the last acceptance.
    pub(crate) sending: Duration,
    /// From the first message to the latest answer.
    pub(crate) all_answered_after: Duration,
    /// From sending to acceptance.
    pub(crate) acceptance: Times,
    /// From sending to the finished answer.
    pub(crate) answer: Times,
}

impl Outcome {
    pub(crate) fn accepted_per_second(&self) -> f64 {
        self.accepted as f64 / self.sending.as_secs_f64()
    }

    pub(crate) fn answered_per_second(&self) -> f64 {
        self.answered as f64 / self.all_answered_after.as_secs_f64()
    }

    /// The same without what became of accepted messages, for loads that do not wait for answers.
    pub(crate) fn of_acceptance(&self) -> Self {
        let (unanswered, doubled, out_of_order, wrong_texts) = (0, 0, 0, 0);
        Self { unanswered, doubled, out_of_order, wrong_texts, ..self.clone() }
    }

    /// What should not have happened, in words; empty if nothing.
    pub(crate) fn faults(&self) -> Vec<String> {
        let counts = [
            (self.refused, "not accepted"),
            (self.unanswered, "without an answer"),
            (self.doubled, "answered twice"),
            (self.out_of_order, "out of order"),
            (self.wrong_texts, "with a wrong text"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let mut faults: Vec<String> =
            counts.map(|(count, what)| format!("{count} of {} {what}", self.sent)).collect();
        faults.extend(self.refusals.iter().take(3).cloned());
        faults
    }
}

/// Durations, of which any share can be asked.
#[derive(Debug, Clone)]
pub(crate) struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_US, 3).expect("these bounds are in order"))
    }
}

impl Times {
    pub(crate) fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros);
    }

    /// The duration that such a share of all did not exceed, e.g. 0.99.
    pub(crate) fn at(&self, share: f64) -> Duration {
        Duration::from_micros(self.0.value_at_quantile(share))
    }

    pub(crate) fn max(&self) -> Duration {
        Duration::from_micros(self.0.max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_times_are_told_in_microseconds() {
        let mut times = Times::default();
        (1..=100).for_each(|ms| times.record(Duration::from_millis(ms)));
        let near = |time: Duration, ms: u64| {
            time.abs_diff(Duration::from_millis(ms)) < Duration::from_millis(1)
        };
        assert!(near(times.at(0.5), 50) && near(times.at(0.99), 99) && near(times.max(), 100));
    }

    #[test]
    fn only_what_went_wrong_is_a_fault() {
        let good = Outcome { sent: 9, accepted: 9, answered: 9, marked: 1, ..Outcome::default() };
        assert_eq!(good.faults(), Vec::<String>::new());
        let bad = Outcome { unanswered: 2, doubled: 1, ..good };
        assert_eq!(bad.faults(), ["2 of 9 without an answer", "1 of 9 answered twice"]);
    }
}
