use nanobot_test_support::{FakeModel, TestGateway};
use serde_json::{Value, json};

use crate::client::{self, Reply};
use crate::world::{BINARY, World, config, question};

const KEY: &str = "a-key-of-mine";

async fn ask(world: &World, headers: &[(&str, &str)]) -> Reply {
    world.send_with(headers, &question("Hi")).await
}

#[tokio::test]
async fn without_a_key_other_machines_cannot_be_served() {
    let model = FakeModel::start().await;
    for host in ["0.0.0.0", "::"] {
        let config = config(&model, &json!({"host": host}));
        let started =
            TestGateway::builder(BINARY).command("serve").config(config).try_start().await;
        let said = started.err().expect("it does not start");
        assert!(said.contains("could use the agent"), "{said}");
        assert!(said.contains("hint: set `api.apiKey` in "), "{said}");
    }
}

#[tokio::test]
async fn with_a_key_only_those_who_know_it_are_served_under_any_name() {
    let world = World::with_api(&json!({"host": "0.0.0.0", "apiKey": KEY})).await;
    let named = ("host", "nanobot.example:8900");
    for headers in [
        vec![named],
        vec![named, ("authorization", "Bearer another")],
        vec![named, ("authorization", "Bearer")],
        vec![named, ("authorization", "Basic a-key-of-mine")],
    ] {
        let reply = ask(&world, &headers).await;
        assert_eq!(reply.headers["www-authenticate"], "Bearer");
        assert_eq!(reply.expect(401).await["error"]["code"], "invalid_api_key");
    }
    let key = format!("Bearer {KEY}");
    ask(&world, &[named, ("authorization", &key)]).await.expect(200).await;
    world.get("/v1/models").await.expect(401).await;
    world.get("/health").await.expect(200).await;
    let printed = world.server.stdout() + &world.server.stderr();
    assert!(!printed.contains(KEY), "{printed}");
    assert!(printed.contains("Authorization: Bearer YOUR_KEY"), "{printed}");
}

#[tokio::test]
async fn without_a_key_web_sites_are_refused() {
    let world = World::start().await;
    let port = world.server.address().port();
    let own = format!("localhost:{port}");
    for headers in [
        vec![("host", "evil.example")],
        vec![("host", own.as_str()), ("origin", "https://evil.example")],
        vec![("host", own.as_str()), ("origin", "null")],
    ] {
        let refused: Value = ask(&world, &headers).await.expect(403).await;
        assert_eq!(refused["error"]["code"], "foreign_request");
    }
    assert_eq!(world.model.request_count(), 0);
    ask(&world, &[("host", &own)]).await.expect(200).await;
    let health = [("host", "evil.example")];
    let address = world.server.address();
    client::send(address, ("GET", "/health"), &health, "").await.expect(403).await;
}
