//! What models were used for, today and in the last seven days.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use nanobot_config::Config;
use nanobot_gateway::control::USAGE_PATH;
use nanobot_ledger::{UsageRow, UsageTotal};
use serde::Serialize;

use crate::instance::Instance;
use crate::ledger_desk::LedgerDesk;

/// Days that are told, today among them.
const DAYS: i64 = 7;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    pub(super) today: UsageTotal,
    pub(super) seven_days: UsageTotal,
    /// The seven days, newest first.
    pub(super) days: Vec<UsageRow>,
}

impl Usage {
    /// By the clock of the agent; none if the ledger cannot be read.
    pub(super) async fn gather(instance: &Instance, config: &Config) -> Option<Self> {
        let zone = TimeZone::get(&config.agents.defaults.timezone).unwrap_or(TimeZone::UTC);
        let query = Query::new(&Timestamp::now().to_zoned(zone))?;
        let desk = LedgerDesk::new(instance, "sessions list");
        let days: Vec<UsageRow> = desk.get(&query.path()).await.ok()?;
        Some(Self::of(days, query.today_ms))
    }

    fn of(days: Vec<UsageRow>, today_ms: i64) -> Self {
        let sum = |from_ms: i64| {
            let mut sum = UsageTotal::default();
            days.iter().filter(|row| row.day_ms >= from_ms).for_each(|row| sum += row.total);
            sum
        };
        Self { today: sum(today_ms), seven_days: sum(i64::MIN), days }
    }
}

struct Query {
    from_ms: i64,
    today_ms: i64,
    utc_offset_ms: i64,
}

impl Query {
    /// Days are counted by the offset of this moment, also those before the clock was changed.
    fn new(now: &Zoned) -> Option<Self> {
        let midnight = now.with().time(Time::midnight()).build().ok()?;
        let offset = SignedDuration::from_secs(now.offset().seconds().into());
        let shift = now.offset().seconds() - midnight.offset().seconds();
        let today = midnight.timestamp() - SignedDuration::from_secs(shift.into());
        let from = today.checked_sub(((DAYS - 1) * 24).hours()).ok()?;
        Some(Self {
            from_ms: from.as_millisecond(),
            today_ms: today.as_millisecond(),
            utc_offset_ms: i64::try_from(offset.as_millis()).ok()?,
        })
    }

    fn path(&self) -> String {
        format!("{USAGE_PATH}?from_ms={}&utc_offset_ms={}", self.from_ms, self.utc_offset_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

    #[test]
    fn days_begin_at_midnight_of_the_agents_clock() {
        const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";
        for (now, zone) in [
            ("2026-11-21T23:00:01Z", BERLIN),
            ("2026-11-23T07:59:59Z", "PST8PDT,M3.2.0,M11.1.0"),
            // The clock was put forward an hour before.
            ("2026-03-29T02:00:00Z", BERLIN),
        ] {
            let now: Timestamp = now.parse().expect("the time is valid");
            let now = now.to_zoned(TimeZone::posix(zone).expect("the zone is valid"));
            let query = Query::new(&now).expect("there is a midnight");
            assert_eq!((query.today_ms + query.utc_offset_ms).rem_euclid(DAY_MS), 0, "{now}");
            let since = now.timestamp().as_millisecond() - query.today_ms;
            assert!((0..DAY_MS).contains(&since), "{now}: {since}");
            assert_eq!(query.today_ms - query.from_ms, 6 * DAY_MS);
        }
    }

    #[test]
    fn today_is_a_part_of_the_seven_days() {
        let row = |day_ms: i64, input_tokens: u64| UsageRow {
            day_ms,
            channel: "web".to_owned(),
            model: "m".to_owned(),
            total: UsageTotal { turns: 1, input_tokens, ..UsageTotal::default() },
        };
        let usage = Usage::of(vec![row(2 * DAY_MS, 5), row(DAY_MS, 7)], 2 * DAY_MS);
        assert_eq!((usage.today.turns, usage.today.input_tokens), (1, 5));
        assert_eq!((usage.seven_days.turns, usage.seven_days.input_tokens), (2, 12));
    }
}
