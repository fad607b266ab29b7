//! The channel through the real link, with HTTP at its other end.

mod inbound;
mod outbound;
mod receiver;

use nanobot_plugin::ChannelState;
use nanobot_plugin::testing::ChannelTest;
use serde_json::{Value, json};

use crate::WebhookConfig;

/// Starts a webhook on a free port; the address of its `/message`.
async fn webhook(callback_url: Option<&str>) -> (ChannelTest, String) {
    let section = json!({"port": 0, "callbackUrl": callback_url, "streaming": true});
    let mut test = ChannelTest::start::<WebhookConfig>(section).await;
    let status = test.wait_for(ChannelState::Connected).await;
    let message = status.message.unwrap();
    let address = message.strip_prefix("listening on ").unwrap();
    (test, format!("http://{address}/message"))
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// Posts a body as it is; status and JSON of the answer.
async fn post(url: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let answer = client().post(url).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_port_in_use_is_named_with_its_key() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut test = ChannelTest::start::<WebhookConfig>(json!({"port": port})).await;
    let status = test.wait_for(ChannelState::Failed).await;
    let expected = format!("failed to listen on 127.0.0.1:{port} (channels.webhook.port): ");
    assert!(status.message.unwrap().starts_with(&expected));
    assert_eq!(test.ended().await, 1);
}

#[tokio::test]
async fn a_callback_that_is_no_web_address_is_refused_at_the_start() {
    for address in ["ftp://example.org", "not an address"] {
        let section = json!({"callbackUrl": address});
        let Err(error) = ChannelTest::try_start::<WebhookConfig>(section).await else {
            panic!("{address} was taken");
        };
        assert!(error.report().starts_with("channels.webhook.callbackUrl"));
    }
}
