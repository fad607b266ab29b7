use std::collections::BTreeMap;

use super::Sample;
use crate::subject::Subject;

/// How many rounds the figures are medians of. Subjects with fewer than the others are named.
pub(super) fn told(samples: &[Sample]) -> String {
    let rounds = by_subject(samples);
    let most = rounds.values().copied().max().unwrap_or_default();
    if most <= 1 {
        return "One round.".to_owned();
    }
    let fewer = rounds.iter().filter(|(_, rounds)| **rounds < most);
    let fewer: String =
        fewer.map(|(subject, rounds)| format!(" ({}: {rounds})", subject.title())).collect();
    format!("Medians of {most} rounds{fewer}, with the range in parentheses.")
}

/// How often each subject was measured. What failed has no figures, so the most counts.
fn by_subject(samples: &[Sample]) -> BTreeMap<Subject, usize> {
    let mut values = BTreeMap::new();
    for Sample { scenario, subject, figure, .. } in samples {
        *values.entry((*subject, *scenario, figure.name.as_str())).or_insert(0) += 1;
    }
    let mut rounds = BTreeMap::new();
    for ((subject, ..), count) in values {
        let known = rounds.entry(subject).or_insert(0);
        *known = count.max(*known);
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Figure, Unit};
    use crate::scenario::Scenario;

    fn sample(subject: Subject, round: u32) -> Sample {
        let figure = Figure { name: "time".to_owned(), unit: Unit::Milliseconds, value: 1.0 };
        Sample { scenario: Scenario::Burst, subject, round, figure }
    }

    #[test]
    fn subjects_with_fewer_rounds_are_named() {
        let ours = sample(Subject::Ours, 1);
        assert_eq!(told(std::slice::from_ref(&ours)), "One round.");
        let samples = [ours, sample(Subject::Ours, 2), sample(Subject::Original, 1)];
        let expected = "Medians of 2 rounds (original: 1), with the range in parentheses.";
        assert_eq!(told(&samples), expected);
    }
}
