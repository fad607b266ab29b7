use nanobot_test_support::{FakeReply, Step};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::world::{BINARY, World, question, said, text_of};

#[tokio::test]
async fn a_single_message_belongs_to_the_default_session() {
    let world = World::start().await;
    for text in ["one", "two"] {
        world.send(&question(text)).await.expect(200).await;
    }
    assert_eq!(world.told(), said(&[("user", "one"), ("assistant", "one"), ("user", "two")]));
    assert_eq!(world.sessions().await, ["api:default"]);
}

#[tokio::test]
async fn sessions_know_nothing_of_each_other_and_outlive_the_program() {
    let mut world = World::start().await;
    world.ask("a", "one").await;
    world.ask("b", "two").await;
    assert_eq!(world.told(), said(&[("user", "two")]));
    assert!(world.server.stop().await.success());
    world.server = world.server.restarted().await;
    world.ask("a", "three").await;
    assert_eq!(world.told(), said(&[("user", "one"), ("assistant", "one"), ("user", "three")]));
    assert_eq!(world.sessions().await, ["api:a", "api:b"]);
}

#[tokio::test]
async fn several_messages_without_a_session_are_the_conversation_and_are_not_remembered() {
    let world = World::start().await;
    world.send(&question("remembered")).await.expect(200).await;
    let picture =
        json!({"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lGODlh"}});
    let body = json!({"messages": [
        {"role": "user", "content": [{"type": "text", "text": "one"}, picture]},
        {"role": "assistant", "content": "first"},
        {"role": "user", "content": [{"type": "text", "text": "two"}, picture]},
    ]});
    world.send(&body).await.expect(200).await;
    let told = world.told();
    let earlier = said(&[("user", "one\n[attachment]"), ("assistant", "first")]);
    assert_eq!(told[..2], earlier);
    assert_eq!(told.len(), 3);
    let media = world.server.data_dir().join("media/api");
    assert_eq!(std::fs::read_dir(media).unwrap().count(), 0, "the picture is not kept either");
    world.send(&question("again")).await.expect(200).await;
    assert_eq!(world.told()[0].1, "remembered");
    assert_eq!(world.told().len(), 3);
    assert_eq!(world.sessions().await, ["api:default"]);
}

#[tokio::test]
async fn a_named_session_remembers_by_itself_whatever_the_request_repeats() {
    let world = World::start().await;
    world.ask("a", "one").await;
    let body = json!({"session_id": "a", "messages": [
        {"role": "user", "content": "never said"},
        {"role": "assistant", "content": "never answered"},
        {"role": "user", "content": "two"},
    ]});
    world.send(&body).await.expect(200).await;
    assert_eq!(world.told(), said(&[("user", "one"), ("assistant", "one"), ("user", "two")]));
}

#[tokio::test]
async fn new_begins_the_session_anew_without_asking_the_model() {
    let world = World::start().await;
    world.ask("a", "one").await;
    assert_eq!(world.ask("a", " /NEW ").await, "New session started.");
    assert_eq!(world.model.request_count(), 1);
    world.ask("a", "two").await;
    assert_eq!(world.told(), said(&[("user", "two")]));
}

#[tokio::test]
async fn a_session_answers_one_question_after_another_while_others_go_on() {
    let world = World::start().await;
    let end = Step::End { input_tokens: 1, output_tokens: 1 };
    world.model.push(FakeReply::partial(["slow"]).then(Step::Stall).then(end));
    let (first, second, ()) = tokio::join!(
        world.ask("a", "one"),
        async {
            world.model.wait_for_requests(1).await;
            world.ask("a", "two").await
        },
        async {
            world.model.wait_for_requests(1).await;
            assert_eq!(world.ask("b", "three").await, "three");
            assert_eq!(world.model.request_count(), 2, "the second question waits");
            world.model.release();
        }
    );
    assert_eq!((first.as_str(), second.as_str()), ("slow", "two"));
    assert_eq!(world.told(), said(&[("user", "one"), ("assistant", "slow"), ("user", "two")]));
}

#[tokio::test]
async fn sessions_go_on_beside_a_gateway_that_starts_and_stops() {
    let world = World::start().await;
    world.ask("a", "one").await;
    let mut gateway = Command::new(BINARY)
        .args(["gateway", "--port", "0"])
        .env_clear()
        .env("HOME", world.server.home())
        .env("PATH", "/usr/bin:/bin")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(gateway.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("it starts").contains("Listening on ") {}
    world.ask("a", "two").await;
    assert_eq!(world.told(), said(&[("user", "one"), ("assistant", "one"), ("user", "two")]));
    let id = gateway.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert!(gateway.wait().await.unwrap().success());
    world.ask("a", "three").await;
    assert_eq!(world.told().len(), 5, "what was said beside the gateway is remembered");
}

#[tokio::test]
async fn questions_at_the_same_time_are_all_remembered() {
    let world = World::start().await;
    let names: Vec<String> = (0..20).map(|number| format!("s{number:02}")).collect();
    let mut asked = Vec::new();
    for name in &names {
        let mut body = question(name);
        body["session_id"] = json!(name);
        body["stream"] = json!(true);
        asked.push(world.send(&body).await);
    }
    for reply in asked {
        assert_eq!(reply.events().await.last().map(String::as_str), Some("[DONE]"));
    }
    let expected: Vec<String> = names.iter().map(|name| format!("api:{name}")).collect();
    assert_eq!(world.sessions().await, expected);
    let mut body = question("a number");
    body["session_id"] = json!(7);
    assert_eq!(text_of(&world.send(&body).await.expect(200).await), "a number");
    assert!(world.sessions().await.contains(&"api:7".to_owned()));
}
