use nanobot_test_support::{FakeDiscord, FakeReply, IncomingDiscord, Step};
use serde_json::json;

use crate::both_places::PLACES;
use crate::world::{CHAT, World};

const SERVER: u64 = 500;
const CHANNEL: u64 = 501;

#[tokio::test]
async fn a_person_is_answered_with_looks_and_a_stranger_is_not() {
    for place in PLACES {
        let world = World::start(place).await;
        world.model.push(FakeReply::pieces(["Hel", "lo, ", "__Ada__", "!"]));
        world.discord.receive(IncomingDiscord::private(CHAT + 1, "Let me in!").from(8, "eve"));
        let question = world.discord.person_writes(CHAT, "Hello?");
        world.shown(CHAT, "Hello, **Ada**!").await;
        let is_quiet = |it: &FakeDiscord| it.reactions(CHAT, question).is_empty();
        world.discord.wait_until("the signs are gone", is_quiet).await;
        assert_eq!(world.discord.shown(CHAT).len(), 1, "{place:?}");
        assert!(world.discord.shown(CHAT + 1).is_empty(), "{place:?}");
        assert_eq!(world.model.request_count(), 1, "{place:?}");
        let token = world.discord.token();
        assert!(!world.gateway.stderr().contains(&token), "{place:?}: the token is in the log");
    }
}

#[tokio::test]
async fn an_answer_grows_in_one_message_while_it_is_written() {
    for place in PLACES {
        let world = World::start(place).await;
        world.model.push(
            FakeReply::partial(["One, "])
                .then(Step::Stall)
                .then(Step::Text("two.".to_owned()))
                .then(Step::End { input_tokens: 1, output_tokens: 1 }),
        );
        world.discord.person_writes(CHAT, "Count!");
        let begun = world.shown(CHAT, "One,").await;
        world.model.release();
        let whole = world.shown(CHAT, "One, two.").await;
        assert_eq!(whole.id, begun.id, "{place:?}");
        assert_eq!(world.discord.shown(CHAT).len(), 1, "{place:?}");
    }
}

#[tokio::test]
async fn a_picture_comes_in_with_its_question() {
    for place in PLACES {
        let world = World::start(place).await;
        let url = world.discord.add_file("cat.png", b"a picture");
        world.model.push(FakeReply::text("A cat."));
        let question = IncomingDiscord::private(CHAT, "What is this?");
        world.discord.receive(question.with_file(5, "cat.png", &url, 9));
        world.shown(CHAT, "A cat.").await;
        let asked = world.model.requests()[0].body.to_string();
        let (_, path) = asked.split_once("[image: ").expect("the picture is named");
        let path = path.split(']').next().unwrap_or_default();
        assert_eq!(std::fs::read(path).expect("the picture is there"), b"a picture", "{place:?}");
        assert!(asked.contains("What is this?"), "{place:?}: {asked}");
    }
}

#[tokio::test]
async fn each_channel_of_a_server_is_a_conversation_of_its_own_and_a_thread_is_too() {
    const THREAD: u64 = 502;
    for place in PLACES {
        let world = World::with_section(place, json!({"groupPolicy": "open"})).await;
        world.discord.add_guild(SERVER, &[CHANNEL]);
        world.discord.add_thread(SERVER, CHANNEL, THREAD);
        for chat in [CHANNEL, THREAD] {
            world.model.push(FakeReply::text(&format!("Answer in {chat}.")));
            let text = format!("Question in {chat}");
            let question = IncomingDiscord::in_guild(SERVER, chat, &text);
            let question = world.discord.receive(question);
            let answer = world.shown(chat, &format!("Answer in {chat}.")).await;
            assert_eq!(answer.reply_to, Some(question), "{place:?}");
        }
        let second = world.model.requests()[1].body.to_string();
        let is_own = second.contains("Question in 502") && !second.contains("Question in 501");
        assert!(is_own, "{place:?}: {second}");
    }
}

#[tokio::test]
async fn slash_command_is_answered_in_its_place() {
    for place in PLACES {
        let world = World::start(place).await;
        let command = world.discord.give_command(CHAT, None, "status");
        let is_answered = |it: &FakeDiscord| it.answer_to(command).is_some();
        world.discord.wait_until("the command is answered", is_answered).await;
        let answer = world.discord.answer_to(command).unwrap_or_default();
        assert!(answer.contains("test-model"), "{place:?}: {answer}");
        assert!(world.discord.shown(CHAT).len() == 1, "{place:?}: the answer is one message");
        assert_eq!(world.model.request_count(), 0, "{place:?}");
    }
}
