use std::collections::{BTreeMap, VecDeque};

use crate::{SessionUsage, TurnUsage, UsageQuery, UsageRow, UsageTotal, now_ms};

/// What the newest turns used.
#[derive(Debug, Default)]
pub(super) struct Usage(VecDeque<Used>);

#[derive(Debug)]
struct Used {
    session: String,
    ended_ms: u64,
    turn: TurnUsage,
}

impl Usage {
    pub(super) fn add(&mut self, session: &str, turn: TurnUsage, bound: usize) {
        self.0.push_back(Used { session: session.to_owned(), ended_ms: now_ms(), turn });
        if self.0.len() > bound {
            self.0.pop_front();
        }
    }

    pub(super) fn list(&self, query: UsageQuery) -> Vec<UsageRow> {
        let mut totals: BTreeMap<(std::cmp::Reverse<i64>, &str, &str), UsageTotal> =
            BTreeMap::new();
        for used in self.0.iter().filter(|used| used.ended_ms >= query.from_ms) {
            let day = std::cmp::Reverse(query.day(used.ended_ms));
            let key = (day, used.turn.channel.as_str(), used.turn.model.as_str());
            *totals.entry(key).or_default() += UsageTotal::from(&used.turn);
        }
        let row = |((day, channel, model), total): ((std::cmp::Reverse<i64>, &str, &str), _)| {
            let (channel, model) = (channel.to_owned(), model.to_owned());
            UsageRow { day_ms: query.day_ms(day.0), channel, model, total }
        };
        totals.into_iter().map(row).collect()
    }

    pub(super) fn of_session(&self, session: &str) -> SessionUsage {
        let mut usage = SessionUsage::default();
        for used in self.0.iter().filter(|used| used.session == session) {
            usage.total += UsageTotal::from(&used.turn);
            usage.last = Some(used.turn.clone());
        }
        usage
    }
}
