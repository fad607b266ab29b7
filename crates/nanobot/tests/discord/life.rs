use nanobot_test_support::{DiscordMischief, FakeDiscordOptions, FakeReply, IncomingDiscord};
use serde_json::json;

use crate::both_places::{PLACES, Place, check_told};
use crate::world::{CHAT, World};

#[tokio::test]
async fn status_says_where_the_channel_runs_and_who_it_is() {
    for place in PLACES {
        let world = World::start(place).await;
        check_told(place, &world.gateway, "discord", "@nano").await;
    }
}

#[tokio::test]
async fn what_people_wrote_while_the_gateway_was_down_is_answered_and_nothing_twice() {
    for place in PLACES {
        let world = World::start(place).await;
        world.model.push(FakeReply::text("First."));
        let first = world.discord.person_writes(CHAT, "One");
        world.shown(CHAT, "First.").await;
        world.model.push(FakeReply::text("Second."));
        let world = world.restart(|discord| {
            discord.write_unheard(IncomingDiscord::private(CHAT, "Two"));
        });
        let world = world.await;
        world.shown(CHAT, "Second.").await;
        world.discord.repeat(CHAT, first);
        world.model.push(FakeReply::text("Third."));
        world.discord.person_writes(CHAT, "Three");
        world.shown(CHAT, "Third.").await;
        assert_eq!(world.model.request_count(), 3, "{place:?}");
        assert_eq!(world.discord.shown(CHAT).len(), 3, "{place:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_with_the_fix() {
    for place in PLACES {
        let options = FakeDiscordOptions::default();
        let world = World::launch(place, options, json!({"token": "wrong"})).await;
        // A process says why it ends, and what to do is told once it has ended.
        let line = world.status(|line| line.contains("Reset Token")).await;
        assert!(line.contains(" login required "), "{place:?}: {line}");
        assert!(line.contains("discord does not accept the token"), "{place:?}: {line}");
    }
}

#[tokio::test]
async fn an_intent_that_is_not_switched_on_is_told_with_its_switch() {
    for place in PLACES {
        let options = FakeDiscordOptions { close_code: Some(4014), ..Default::default() };
        let world = World::launch(place, options, json!({})).await;
        let line = world.status(|line| line.contains("switch on: Message Content Intent")).await;
        assert!(line.contains("close code 4014"), "{place:?}: {line}");
    }
}

#[tokio::test]
async fn discord_that_is_away_is_waited_for_and_the_status_says_so() {
    for place in PLACES {
        let world = World::start(place).await;
        // More than the look at the status takes.
        for _ in 0..8 {
            world.discord.misbehave("gateway", DiscordMischief::Status(503));
        }
        // Ends the session, so that the address of the gateway is asked for again.
        world.discord.close(4009);
        let line = world.status(|line| line.contains("503")).await;
        assert!(line.contains(" retrying "), "{place:?}: {line}");
        assert!(line.contains("failed to reach discord"), "{place:?}: {line}");
    }
}

#[tokio::test]
async fn a_killed_channel_process_is_started_again_and_loses_and_doubles_nothing() {
    let world = World::start(Place::OwnProcess).await;
    // A private chat is known to a bot from its first message on.
    world.model.push(FakeReply::text("Answer 0."));
    world.discord.person_writes(CHAT, "Question 0");
    world.shown(CHAT, "Answer 0.").await;
    for number in 1..=3 {
        world.model.push(FakeReply::text(&format!("Answer {number}.")));
        world.gateway.kill_plugin("nanobot");
        world.discord.person_writes(CHAT, &format!("Question {number}"));
        world.shown(CHAT, &format!("Answer {number}.")).await;
    }
    let shown = world.discord.shown(CHAT);
    assert_eq!(shown.len(), 4, "{shown:?}");
}
