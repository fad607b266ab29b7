use nanobot_ledger::{SessionUsage, TurnCommit, TurnUsage, UsageQuery, UsageTotal, now_ms};

use crate::engine::Engine;
use crate::support::{answer, inbound, unasked};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn used(channel: &str, model: &str, tokens: u64) -> TurnUsage {
    TurnUsage {
        channel: channel.into(),
        model: model.into(),
        input_tokens: tokens,
        cached_tokens: tokens / 2,
        output_tokens: 3,
        took_ms: 1_500,
    }
}

fn turn(session: &str, usage: TurnUsage) -> TurnCommit {
    TurnCommit { usage: Some(usage), ..unasked(session, &[], &[]) }
}

fn total(turns: u64, tokens: u64) -> UsageTotal {
    UsageTotal {
        turns,
        input_tokens: tokens,
        cached_tokens: tokens / 2,
        output_tokens: 3 * turns,
        took_ms: 1_500 * turns,
    }
}

pub(crate) async fn usage_is_added_up_by_day_channel_and_model(engine: Engine) {
    let ledger = engine.open().await;
    for usage in [used("web", "big", 10), used("web", "big", 20), used("web", "small", 4)] {
        ledger.commit_turn(turn("a", usage)).await.unwrap();
    }
    ledger.commit_turn(turn("b", used("hook", "big", 2))).await.unwrap();
    ledger.commit_turn(unasked("a", &[], &[])).await.unwrap();
    let query = UsageQuery { from_ms: now_ms() - DAY_MS, utc_offset_ms: 0 };
    let rows = ledger.usage(query).await.unwrap();
    // The turns may lie on both sides of midnight.
    let of = |channel: &str, model: &str| {
        let mut sum = UsageTotal::default();
        let rows = rows.iter().filter(|row| row.channel == channel && row.model == model);
        rows.for_each(|row| sum += row.total);
        sum
    };
    assert_eq!(of("web", "big"), total(2, 30));
    assert_eq!(of("web", "small"), total(1, 4));
    assert_eq!(of("hook", "big"), total(1, 2));
    assert_eq!(rows.iter().map(|row| row.total.turns).sum::<u64>(), 4);
    let later = UsageQuery { from_ms: now_ms() + DAY_MS, utc_offset_ms: 0 };
    assert!(ledger.usage(later).await.unwrap().is_empty());
}

pub(crate) async fn days_are_counted_by_the_clock_of_the_query(engine: Engine) {
    let ledger = engine.open().await;
    let before = now_ms();
    ledger.commit_turn(turn("a", used("web", "big", 10))).await.unwrap();
    let after = now_ms();
    for offset in [0, 7 * 60 * 60 * 1_000, -5 * 60 * 60 * 1_000] {
        let query = UsageQuery { from_ms: 0, utc_offset_ms: offset };
        let day_ms = ledger.usage(query).await.unwrap()[0].day_ms;
        assert_eq!((day_ms + offset).rem_euclid(i64::try_from(DAY_MS).unwrap()), 0);
        let begins = u64::try_from(day_ms).unwrap();
        assert!(begins <= after && before < begins + DAY_MS, "{offset}: {day_ms}");
    }
}

pub(crate) async fn a_session_knows_its_last_turn_and_its_total(engine: Engine) {
    let ledger = engine.open().await;
    assert_eq!(ledger.session_usage("a").await.unwrap(), SessionUsage::default());
    ledger.commit_turn(turn("a", used("web", "big", 10))).await.unwrap();
    ledger.commit_turn(turn("b", used("web", "big", 500))).await.unwrap();
    ledger.commit_turn(turn("a", used("web", "small", 4))).await.unwrap();
    let usage = ledger.session_usage("a").await.unwrap();
    assert_eq!(usage.last, Some(used("web", "small", 4)));
    assert_eq!(usage.total, total(2, 14));
}

pub(crate) async fn a_turn_that_is_committed_twice_is_paid_once(engine: Engine) {
    let ledger = engine.open().await;
    let entry = inbound("a", "one");
    ledger.accept(entry.clone()).await.unwrap();
    ledger.claim("a").await.unwrap();
    let commit = TurnCommit { usage: Some(used("web", "big", 10)), ..answer(&entry, &[]) };
    ledger.commit_turn(commit.clone()).await.unwrap();
    ledger.commit_turn(commit).await.unwrap();
    assert_eq!(ledger.session_usage("a").await.unwrap().total.turns, 1);
}
