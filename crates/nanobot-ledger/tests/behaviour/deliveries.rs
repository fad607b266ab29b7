use nanobot_channel::Receipt;
use nanobot_ledger::{
    DeliveryFilter, DeliveryState, FailedTry, Ledger, POSSIBLE_DUPLICATE, Settlement,
};

use crate::engine::Engine;
use crate::support::{outbound, unasked, waiting};

async fn with_deliveries(engine: &Engine, ids: &[&str]) -> Box<dyn Ledger> {
    let ledger = engine.open().await;
    ledger.commit_turn(unasked("a", &[], ids)).await.unwrap();
    ledger
}

fn delivered() -> Settlement {
    Settlement::Delivered(Receipt::default())
}

fn dead() -> Settlement {
    Settlement::Dead { reason: "no such chat".into() }
}

async fn state(ledger: &dyn Ledger, id: &str) -> (DeliveryState, Option<String>) {
    let trace = ledger.trace(id).await.unwrap().expect("the delivery is known");
    let record = trace.deliveries.into_iter().next().unwrap();
    (record.state, record.reason)
}

pub(crate) async fn a_delivery_waits_until_it_is_settled(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1", "d2"]).await;
    let entries = ledger.waiting_deliveries().await.unwrap();
    let entries: Vec<_> = entries.into_iter().map(|it| it.entry).collect();
    assert_eq!(entries, [outbound("d1"), outbound("d2")]);
    ledger.settle("d1", delivered()).await.unwrap();
    ledger.settle("d2", dead()).await.unwrap();
    assert_eq!(waiting(&*ledger).await, []);
}

pub(crate) async fn a_try_is_counted_and_shown_to_the_next(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1"]).await;
    assert!(ledger.begin_delivery("d1").await.unwrap());
    assert!(ledger.begin_delivery("d1").await.unwrap());
    let next = &ledger.waiting_deliveries().await.unwrap()[0];
    assert_eq!((next.entry.message.attempt, next.is_unknown), (3, false));
}

pub(crate) async fn a_failed_try_says_whether_the_platform_may_have_the_message(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1"]).await;
    for (is_unknown, expected) in [(false, false), (true, true), (false, true)] {
        ledger.begin_delivery("d1").await.unwrap();
        let reason = format!("failed, {is_unknown}");
        let failed = FailedTry { reason: reason.clone(), is_unknown };
        ledger.fail_try("d1", failed).await.unwrap();
        assert_eq!(waiting(&*ledger).await, [("d1".to_owned(), expected)]);
        let expected = (DeliveryState::Waiting, Some(reason));
        assert_eq!(state(&*ledger, "d1").await, expected);
    }
}

pub(crate) async fn a_settled_delivery_is_not_begun_again(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1"]).await;
    ledger.settle("d1", delivered()).await.unwrap();
    assert!(!ledger.begin_delivery("d1").await.unwrap());
    ledger.settle("d1", dead()).await.unwrap();
    assert_eq!(state(&*ledger, "d1").await.0, DeliveryState::Delivered);
}

pub(crate) async fn a_held_delivery_waits_for_a_person(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1"]).await;
    ledger.hold_delivery("d1", "sent twice?").await.unwrap();
    let expected = (DeliveryState::Held, Some("sent twice?".to_owned()));
    assert_eq!(state(&*ledger, "d1").await, expected);
    assert_eq!(waiting(&*ledger).await, []);
    assert!(!ledger.begin_delivery("d1").await.unwrap());
    let again = ledger.retry_delivery("d1").await.unwrap();
    assert_eq!(again, Some(outbound("d1")));
    assert_eq!(waiting(&*ledger).await.len(), 1);
}

pub(crate) async fn a_dead_delivery_is_kept_and_can_be_tried_again(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1"]).await;
    ledger.begin_delivery("d1").await.unwrap();
    ledger.settle("d1", dead()).await.unwrap();
    let letters = DeliveryFilter::of([DeliveryState::Dead]);
    let letters = ledger.deliveries(letters).await.unwrap();
    assert_eq!((letters.len(), letters[0].text.as_str()), (1, "Hello!"));
    let again = ledger.retry_delivery("d1").await.unwrap().unwrap();
    assert_eq!(again.message.attempt, 2);
    assert_eq!(ledger.retry_delivery("d1").await.unwrap(), None);
}

pub(crate) async fn a_dropped_delivery_is_not_delivered(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1"]).await;
    assert!(ledger.drop_delivery("d1").await.unwrap());
    assert!(!ledger.drop_delivery("d1").await.unwrap());
    assert!(!ledger.begin_delivery("d1").await.unwrap());
    assert_eq!(ledger.retry_delivery("d1").await.unwrap(), None);
    assert_eq!(state(&*ledger, "d1").await.0, DeliveryState::Dropped);
}

pub(crate) async fn a_delivery_that_arrived_after_it_was_dropped_is_delivered(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1"]).await;
    ledger.begin_delivery("d1").await.unwrap();
    ledger.drop_delivery("d1").await.unwrap();
    ledger.settle("d1", delivered()).await.unwrap();
    assert_eq!(state(&*ledger, "d1").await.0, DeliveryState::Delivered);
}

pub(crate) async fn deliveries_are_listed_by_state_newest_first_and_in_pages(engine: Engine) {
    let ledger = with_deliveries(&engine, &["d1", "d2", "d3", "d4"]).await;
    ledger.settle("d2", delivered()).await.unwrap();
    let mut filter = DeliveryFilter {
        limit: 2,
        ..DeliveryFilter::of([DeliveryState::Waiting, DeliveryState::UnderWay])
    };
    let first = ledger.deliveries(filter.clone()).await.unwrap();
    filter.before = Some(first[1].position);
    let second = ledger.deliveries(filter).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&second).map(|it| &it.delivery_id).collect();
    assert_eq!(ids, ["d4", "d3", "d1"]);
    let all = ledger.deliveries(DeliveryFilter::default()).await.unwrap();
    assert_eq!(all.len(), 4);
}

pub(crate) async fn what_names_nothing_changes_nothing(engine: Engine) {
    let ledger = with_deliveries(&engine, &[]).await;
    ledger.settle("no", delivered()).await.unwrap();
    ledger.hold_delivery("no", "why").await.unwrap();
    ledger.checkpoint("no", "{}".into()).await.unwrap();
    ledger.release("no").await.unwrap();
    assert!(!ledger.begin_delivery("no").await.unwrap());
    assert!(!ledger.drop_delivery("no").await.unwrap());
    assert_eq!(ledger.retry_delivery("no").await.unwrap(), None);
    assert!(!ledger.delete_session("no").await.unwrap());
    assert_eq!(ledger.claim("no").await.unwrap(), None);
}

pub(crate) async fn a_delivery_of_unknown_outcome_that_a_person_retries_is_marked_instead(
    engine: Engine,
) {
    let ledger = with_deliveries(&engine, &["d1"]).await;
    ledger.begin_delivery("d1").await.unwrap();
    let failed = FailedTry { reason: "no answer".into(), is_unknown: true };
    ledger.fail_try("d1", failed).await.unwrap();
    ledger.hold_delivery("d1", "sent twice?").await.unwrap();
    let again = ledger.retry_delivery("d1").await.unwrap().unwrap();
    assert_eq!(again.message.metadata.get(POSSIBLE_DUPLICATE), Some(&true.into()));
    let waiting = ledger.waiting_deliveries().await.unwrap();
    assert_eq!((&waiting[0].entry, waiting[0].is_unknown), (&again, false));
}
