use nanobot_test_support::{FakeReply, Mischief};

use crate::both_places::{PLACES, Place, check_told};
use crate::world::{PERSON, World};

#[tokio::test]
async fn status_says_where_the_channel_runs_and_who_it_is() {
    for place in PLACES {
        let world = World::start(place).await;
        check_told(place, &world.gateway, "telegram", "@nano_bot").await;
    }
}

#[tokio::test]
async fn what_came_while_the_gateway_was_down_is_answered_and_nothing_twice() {
    for place in PLACES {
        let world = World::start(place).await;
        world.model.push(FakeReply::text("First."));
        world.telegram.person_writes(PERSON, "One");
        world.shown(PERSON, "First.").await;
        world.model.push(FakeReply::text("Second."));
        let world = world.restart(|telegram| {
            telegram.person_writes(PERSON, "Two");
            // Telegram may deliver again what was confirmed.
            telegram.misbehave("getUpdates", Mischief::RepeatUpdates);
        });
        let world = world.await;
        world.shown(PERSON, "Second.").await;
        world.telegram.wait_until("all is confirmed", |it| it.pending_updates() == 0).await;
        assert_eq!(world.model.request_count(), 2, "{place:?}");
        assert_eq!(world.telegram.shown(PERSON).len(), 2, "{place:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_with_the_fix() {
    for place in PLACES {
        let world = World::start(place).await;
        world.status(|line| line.contains(" connected ")).await;
        world.telegram.misbehave("getUpdates", Mischief::Unauthorized);
        // Ends the question under way, so that the next one is refused.
        world.telegram.person_writes(PERSON + 1, "Knock");
        // A process says why it ends, and what to do is told once it has ended.
        let line = world.status(|line| line.contains("@BotFather")).await;
        assert!(line.contains(" login required "), "{place:?}: {line}");
        assert!(line.contains("telegram does not accept the token"), "{place:?}: {line}");
    }
}

#[tokio::test]
async fn another_program_with_the_same_bot_is_named_with_what_to_do() {
    for place in PLACES {
        let world = World::start(place).await;
        world.status(|line| line.contains(" connected ")).await;
        // More than the look at the status takes.
        for _ in 0..8 {
            world.telegram.misbehave("getUpdates", Mischief::Conflict);
        }
        // Ends the question under way, so that the next one is refused.
        world.telegram.person_writes(PERSON + 1, "Knock");
        let line = world.status(|line| line.contains(" retrying ")).await;
        assert!(line.contains("another program asks telegram"), "{place:?}: {line}");
        assert!(line.contains("stop it"), "{place:?}: {line}");
    }
}

#[tokio::test]
async fn a_killed_channel_process_is_started_again_and_loses_nothing() {
    let world = World::start(Place::OwnProcess).await;
    world.status(|line| line.contains(" connected ")).await;
    for number in 1..=3 {
        world.model.push(FakeReply::text(&format!("Answer {number}.")));
        world.gateway.kill_plugin("nanobot");
        world.telegram.person_writes(PERSON, &format!("Question {number}"));
        world.shown(PERSON, &format!("Answer {number}.")).await;
    }
    // A kill between a message and its note may double the message, which then says so.
    let shown = world.telegram.shown(PERSON);
    let first = shown.iter().filter(|it| !it.text.starts_with("Sent again"));
    assert_eq!(first.count(), 3, "{shown:?}");
}
