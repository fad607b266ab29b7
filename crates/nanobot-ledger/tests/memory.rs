//! What only the engine in memory does.

mod support;

use nanobot_ledger::{Ledger, MemoryLedger, MemoryLimits, SessionPage};
use support::{claimed_text, inbound, unasked};

#[tokio::test]
async fn the_session_used_longest_ago_is_forgotten_first_and_never_one_with_work() {
    let ledger = MemoryLedger::new(MemoryLimits { sessions: 2, ..MemoryLimits::default() });
    for key in ["busy", "old"] {
        ledger.commit_turn(unasked(key, &["{}"], &[])).await.unwrap();
    }
    ledger.accept(inbound("busy", "hi")).await.unwrap();
    ledger.commit_turn(unasked("new", &["{}"], &[])).await.unwrap();
    let kept = ledger.sessions(SessionPage::default()).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(kept, ["busy", "new"]);
    assert_eq!(claimed_text(&ledger, "busy").await.as_deref(), Some("hi"));
}
