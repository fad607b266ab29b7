use nanobot_test_support::{FakeReply, FakeSpeech, FakeTelegram, Incoming, SpeechReply, Step};
use serde_json::json;

use crate::both_places::PLACES;
use crate::world::{PERSON, World};

#[tokio::test]
async fn a_person_is_answered_with_looks_and_a_stranger_is_not() {
    for place in PLACES {
        let world = World::start(place).await;
        world.model.push(FakeReply::text("Hello, **Ada**!"));
        world.telegram.person_writes(PERSON + 1, "Let me in!");
        world.telegram.person_writes(PERSON, "Hello?");
        let answer = world.shown(PERSON, "Hello, Ada!").await;
        assert_eq!(answer.entities.len(), 1, "{place:?}: {answer:?}");
        assert_eq!(world.model.request_count(), 1, "{place:?}");
        let token = world.telegram.token();
        assert!(!world.gateway.stderr().contains(&token), "{place:?}: the token is in the log");
    }
}

#[tokio::test]
async fn an_answer_grows_in_one_message_while_it_is_written() {
    for place in PLACES {
        let world = World::with_section(place, json!({"streamEditInterval": 0.01})).await;
        world.model.push(
            FakeReply::partial(["One, "])
                .then(Step::Stall)
                .then(text("two."))
                .then(Step::End { input_tokens: 1, output_tokens: 1 }),
        );
        world.telegram.person_writes(PERSON, "Count!");
        let begun = world.shown(PERSON, "One,").await;
        world.model.release();
        let whole = world.shown(PERSON, "One, two.").await;
        assert_eq!(whole.message_id, begun.message_id, "{place:?}");
        assert_eq!(world.telegram.shown(PERSON).len(), 1, "{place:?}");
    }
}

fn text(piece: &str) -> Step {
    Step::Text(piece.to_owned())
}

#[tokio::test]
async fn a_picture_comes_in_with_its_question() {
    for place in PLACES {
        let world = World::start(place).await;
        world.telegram.add_file("photo", "photos/file_1.jpg", b"the photo", 9);
        world.model.push(FakeReply::text("A cat."));
        let photo = Incoming::from_person(PERSON).with_photo("photo");
        world.telegram.receive(photo.with("caption", "What is this?"));
        world.shown(PERSON, "A cat.").await;
        let asked = world.model.requests()[0].body.to_string();
        let (_, path) = asked.split_once("[image: ").expect("the picture is named");
        let path = path.split(']').next().unwrap_or_default();
        assert_eq!(std::fs::read(path).expect("the picture is there"), b"the photo", "{place:?}");
        assert!(asked.contains("What is this?"), "{place:?}: {asked}");
    }
}

#[tokio::test]
async fn each_topic_of_a_forum_is_a_conversation_of_its_own() {
    const FORUM: i64 = -1_009;
    for place in PLACES {
        let world = World::with_section(place, json!({"groupPolicy": "open"})).await;
        for topic in [3, 4] {
            world.model.push(FakeReply::text(&format!("Answer in {topic}.")));
            let question = Incoming::text(PERSON, &format!("Question in {topic}"));
            world.telegram.receive(question.in_topic(FORUM, topic));
            let answer = world.shown(FORUM, &format!("Answer in {topic}.")).await;
            assert_eq!(answer.thread, Some(topic), "{place:?}");
        }
        let second = world.model.requests()[1].body.to_string();
        assert!(second.contains("Question in 4") && !second.contains("Question in 3"), "{place:?}");
    }
}

#[tokio::test]
async fn what_a_person_says_in_a_voice_message_is_what_the_model_reads() {
    for place in PLACES {
        let speech = FakeSpeech::start(Some("gsk_key")).await;
        speech.push(SpeechReply::Words("Where is my umbrella?".to_owned()));
        let world = World::with_config(place, |config| {
            config["providers"]["groq"] =
                json!({"apiBase": speech.base_url(), "apiKey": "gsk_key"});
            config["transcription"] = json!({"language": "en"});
        });
        let world = world.await;
        world.model.push(FakeReply::text("In the hall."));
        world.telegram.add_file("voice", "voice/file_1.oga", b"spoken\0", 7);
        let spoken = Incoming::from_person(PERSON).with_file("voice", "voice", None, 7);
        world.telegram.receive(spoken);
        world.shown(PERSON, "In the hall.").await;
        let asked = &speech.requests()[0];
        let named = (asked.model.as_str(), asked.language.as_deref());
        assert_eq!(named, ("whisper-large-v3", Some("en")), "{place:?}");
        let sent = (asked.file_name.as_str(), asked.content.as_slice());
        assert_eq!(sent, ("audio.ogg", &b"spoken\0"[..]), "{place:?}");
        let read = world.model.last_request().last_user_text().to_owned();
        assert!(read.ends_with(": Where is my umbrella?]"), "{place:?}: {read}");
    }
}

#[tokio::test]
async fn a_file_that_the_agent_sends_is_shown_once_and_in_the_chat_that_asked() {
    for place in PLACES {
        let world = World::start(place).await;
        let report = world.gateway.data_dir().join("workspace/report.pdf");
        std::fs::write(report, "%PDF-1.4").expect("a file can be written");
        let sent = json!({"content": "Here it is", "media": ["report.pdf"]});
        world.model.push(FakeReply::tool_call("message", &sent));
        world.model.push(FakeReply::text("I have sent you the report."));
        world.model.push(FakeReply::text("Thanks to you"));
        world.telegram.person_writes(PERSON, "The report, please");
        let has_file = |it: &FakeTelegram| it.shown(PERSON).iter().any(|it| it.file.is_some());
        world.telegram.wait_until("the file is shown", has_file).await;
        world.telegram.person_writes(PERSON, "Thanks");
        world.shown(PERSON, "Thanks to you").await;
        let shown = world.telegram.shown(PERSON);
        let file = shown.iter().find_map(|it| it.file.as_ref()).expect("the file");
        let content = file.content.as_slice();
        assert_eq!((file.name.as_str(), content), ("report.pdf", &b"%PDF-1.4"[..]), "{place:?}");
        let is_told_twice = shown.iter().any(|it| it.text.contains("I have sent"));
        assert!(!is_told_twice, "{place:?}: {shown:?}");
    }
}
