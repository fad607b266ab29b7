use nanobot_test_support::{FakeModel, FakeReply, Signal, Step, TestGateway};
use serde_json::{Value, json};

use crate::world::{BINARY, World, config, question, text_of};

#[tokio::test]
async fn start_says_where_it_is_and_a_request_that_works() {
    let world = World::start().await;
    let line = world.server.wait_for_stdout("Try it: curl ").await;
    let address = world.server.address();
    assert!(world.server.stdout().contains(&format!("Listening on http://{address}/v1")));
    assert!(line.contains(&format!(" http://{address}/v1/chat/completions ")), "{line}");
    let (_, body) = line.split_once("-d '").unwrap();
    let body: Value = serde_json::from_str(body.trim_end_matches('\'')).unwrap();
    assert_eq!(text_of(&world.send(&body).await.expect(200).await), "Hello!");
}

#[tokio::test]
async fn a_signal_lets_answers_come_to_their_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut world = World::start().await;
        let end = Step::End { input_tokens: 1, output_tokens: 1 };
        world.model.push(
            FakeReply::partial(["Hel"]).then(Step::Stall).then(Step::Text("lo!".into())).then(end),
        );
        let mut body = question("Hi");
        body["stream"] = json!(true);
        let mut reply = world.send(&body).await;
        reply.chunk().await;
        reply.chunk().await;
        world.server.signal(signal);
        world.server.wait_for_stderr("Stopping").await;
        world.model.release();
        let events = reply.events().await;
        assert!(events[0].contains("lo!"), "{events:?}");
        assert_eq!(events.last().map(String::as_str), Some("[DONE]"));
        assert_eq!(world.server.wait().await.code(), Some(0), "{}", world.server.stderr());
    }
}

#[tokio::test]
async fn a_second_signal_cuts_answers_off_which_is_told_and_remembered() {
    let mut world = World::start().await;
    world.model.push(FakeReply::partial(["Hel"]).then(Step::Stall));
    let body = question("Hi");
    let (refused, ()) = tokio::join!(async { world.send(&body).await.expect(503).await }, async {
        world.model.wait_for_requests(1).await;
        world.server.signal(Signal::TERM);
        world.server.wait_for_stderr("Stopping").await;
        world.server.signal(Signal::TERM);
    });
    assert_eq!(refused["error"]["code"], "stopping");
    assert_eq!(world.server.wait().await.code(), Some(0), "{}", world.server.stderr());
    world.server = world.server.restarted().await;
    world.send(&question("And now?")).await.expect(200).await;
    let told = world.told();
    assert!(told[0].1.starts_with("Hi"), "{told:?}");
}

#[tokio::test]
async fn a_port_in_use_and_a_useless_time_are_told_with_what_to_change() {
    let world = World::start().await;
    let port = world.server.address().port().to_string();
    for (args, said, hint) in [
        (
            ["--port", &port],
            format!("cannot listen on 127.0.0.1:{port}: address in use"),
            "`api.port`",
        ),
        (["--timeout", "0"], "an answer cannot take 0 seconds".to_owned(), "`api.timeout`"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1:8900".to_owned(), "`api.host`"),
    ] {
        let ran = world.server.command(BINARY, &[&["serve"][..], &args[..]].concat()).await;
        assert_eq!(ran.status.code(), Some(1), "{ran:?}");
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert!(stderr.contains(&said) && stderr.contains(hint), "{stderr}");
    }
}

#[tokio::test]
async fn a_time_on_the_command_line_goes_before_the_config() {
    let model = FakeModel::start().await;
    model.push(FakeReply::partial([]).then(Step::Stall));
    let config = config(&model, &json!({"timeout": 100}));
    let builder = TestGateway::builder(BINARY).command("serve").config(config);
    let server = builder.arg("--timeout").arg("0.2").start().await;
    let world = World { model, server };
    world.send(&question("Hi")).await.expect(504).await;
}
