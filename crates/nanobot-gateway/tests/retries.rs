//! What becomes of a delivery that fails, by the kind of the failure.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Call, Played, Stage, played, send, settings};
use nanobot_channel::{ChannelError, ErrorKind};
use nanobot_gateway::Settings;
use nanobot_ledger::{DeliveryFilter, DeliveryState, Ledger, MemoryLedger};
use tokio::time::Instant;

/// A gateway that is about to deliver `Hello!`.
struct Delivering {
    stage: Stage,
    hook: Played,
    ledger: Arc<MemoryLedger>,
    channel: common::Started,
}

async fn delivering(max_attempts: u32) -> Delivering {
    let (spec, mut hook) = played("hook", false);
    let ledger = Arc::new(MemoryLedger::default());
    let settings = Settings { max_attempts, ..settings() };
    let mut stage = Stage::with(vec![spec], settings, ledger.clone()).await;
    let channel = hook.started().await;
    channel.receive("c1", "Hello?").await.expect("the message is taken");
    stage.answer("Hello!").await;
    Delivering { stage, hook, ledger, channel }
}

impl Delivering {
    /// Fails the next try, and says how long after the last one it came.
    async fn fail(&mut self, since: Instant, error: ChannelError) -> (u32, Duration) {
        let pending = self.hook.call().await;
        let Call::Send { attempt, .. } = pending.call else { panic!("{:?}", pending.call) };
        let waited = since.elapsed();
        pending.answer(Err(error));
        (attempt, waited)
    }

    /// It is tried again however often it fails, after longer and longer pauses.
    async fn expect_never_given_up(mut self, kind: ErrorKind) {
        let mut pauses = Vec::new();
        for attempt in 1..=5 {
            let before = Instant::now();
            let (tried, waited) = self.fail(before, ChannelError::new(kind, "no")).await;
            assert_eq!(tried, attempt, "{kind:?}");
            pauses.push(waited.as_secs());
        }
        assert_eq!(self.hook.succeed().await, send("c1", "Hello!", 6));
        // Spread by a tenth, which whole seconds do not show.
        assert_eq!(pauses, [0, 1, 2, 4, 8], "{kind:?}");
    }

    /// It is given up after the last of `tries`, and the next message of the chat goes on.
    async fn expect_given_up(mut self, kind: ErrorKind, tries: u32) {
        for attempt in 1..=tries {
            let (tried, _) = self.fail(Instant::now(), ChannelError::new(kind, "no")).await;
            assert_eq!(tried, attempt, "{kind:?}");
        }
        self.channel.receive("c1", "And now?").await.expect("the message is taken");
        self.stage.answer("Now.").await;
        assert_eq!(self.hook.succeed().await, send("c1", "Now.", 1), "{kind:?}");
        let dead = self.ledger.deliveries(DeliveryFilter::of([DeliveryState::Dead])).await;
        assert_eq!(dead.expect("memory answers").len(), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_network_is_away_a_delivery_is_tried_again() {
    delivering(3).await.expect_never_given_up(ErrorKind::Network).await;
}

#[tokio::test(start_paused = true)]
async fn while_the_channel_is_not_ready_a_delivery_is_tried_again() {
    delivering(3).await.expect_never_given_up(ErrorKind::NotReady).await;
}

#[tokio::test(start_paused = true)]
async fn until_a_person_logs_in_a_delivery_is_tried_again() {
    delivering(3).await.expect_never_given_up(ErrorKind::Auth).await;
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_without_a_time_is_waited_for_with_our_own() {
    delivering(3).await.expect_never_given_up(ErrorKind::RateLimited).await;
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_channel_is_asked_again_after_the_time_it_names() {
    let mut delivering = delivering(1).await;
    for expected in [0, 42, 42] {
        let error = ChannelError::new(ErrorKind::Overloaded, "busy");
        let error = error.with_retry_after(Duration::from_secs(42));
        let (_, waited) = delivering.fail(Instant::now(), error).await;
        // A pause is spread by a tenth.
        assert!((expected..=expected + 5).contains(&waited.as_secs()), "{waited:?}");
    }
    assert_eq!(delivering.hook.succeed().await, send("c1", "Hello!", 4));
}

#[tokio::test(start_paused = true)]
async fn what_the_platform_rejects_is_not_tried_again() {
    delivering(3).await.expect_given_up(ErrorKind::Rejected, 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_channel_cannot_do_is_not_tried_again() {
    delivering(3).await.expect_given_up(ErrorKind::Unsupported, 1).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_or_has_nowhere_to_go_is_not_tried_again() {
    for kind in [ErrorKind::Invalid, ErrorKind::NotFound] {
        delivering(3).await.expect_given_up(kind, 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_channel_itself_fails_is_tried_as_often_as_configured() {
    for max_attempts in [1, 2, 5] {
        delivering(max_attempts).await.expect_given_up(ErrorKind::Internal, max_attempts).await;
    }
}
