use nanobot_channel::{ChannelError, ErrorKind};
use nanobot_channel_telegram::{TelegramConfig, UpdateMode};
use nanobot_test_support::{GatewayState, RunningChannel};
use serde_json::{Value, json};

use crate::support::Bench;

const SECRET: &str = "a-secret_of-this-test";

struct Hook {
    bench: Bench,
    running: RunningChannel,
    url: String,
}

impl Hook {
    async fn start() -> Self {
        let bench = Bench::new().await;
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let config = TelegramConfig {
            mode: UpdateMode::Webhook,
            webhook_url: "https://bot.example.org/telegram".to_owned(),
            webhook_listen_port: port,
            webhook_secret_token: SECRET.to_owned(),
            ..bench.config()
        };
        let running = bench.start_with(config).await;
        Self { bench, running, url: format!("http://127.0.0.1:{port}/telegram") }
    }

    async fn call(&self, secret: &str, update: &Value) -> u16 {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(&self.url).header("X-Telegram-Bot-Api-Secret-Token", secret);
        request.json(update).send().await.unwrap().status().as_u16()
    }
}

fn update(id: i64, content: &Value) -> Value {
    let mut message = json!({
        "message_id": id, "date": 1, "chat": {"id": 7, "type": "private"},
        "from": {"id": 7, "first_name": "Ada"}
    });
    for (key, value) in content.as_object().unwrap() {
        message[key] = value.clone();
    }
    json!({"update_id": id, "message": message})
}

#[tokio::test]
async fn call_of_telegram_is_answered_when_the_gateway_has_the_message() {
    let hook = Hook::start().await;
    let webhook = hook.bench.fake.webhook().unwrap();
    assert_eq!(webhook["url"], "https://bot.example.org/telegram");
    assert_eq!(webhook["secret_token"], SECRET);
    assert_eq!(hook.call(SECRET, &update(5, &json!({"text": "hello"}))).await, 200);
    assert_eq!(hook.bench.gateway.texts(), ["hello"]);
    hook.running.stop().await;
}

#[tokio::test]
async fn caller_without_the_secret_is_refused() {
    let hook = Hook::start().await;
    assert_eq!(hook.call("guess", &update(5, &json!({"text": "hello"}))).await, 403);
    assert!(hook.bench.gateway.texts().is_empty());
    hook.running.stop().await;
}

#[tokio::test]
async fn busy_gateway_is_asked_again_before_telegram_is_answered() {
    let hook = Hook::start().await;
    let busy = ChannelError::new(ErrorKind::Overloaded, "busy")
        .with_retry_after(std::time::Duration::from_millis(10));
    hook.bench.gateway.answer_next(Err(busy));
    assert_eq!(hook.call(SECRET, &update(5, &json!({"text": "hello"}))).await, 200);
    assert_eq!(hook.bench.gateway.texts(), ["hello"]);
    hook.running.stop().await;
}

#[tokio::test]
async fn group_that_is_cut_off_by_the_stop_is_left_to_telegram() {
    let hook = Hook::start().await;
    let photo = update(5, &json!({"text": "trip", "media_group_id": "g"}));
    let (status, ()) = tokio::join!(hook.call(SECRET, &photo), async {
        let is_heard = |state: &GatewayState| {
            state.statuses.iter().any(|status| status.last_event_ms.is_some())
        };
        hook.bench.gateway.wait_until("the call", is_heard).await;
        hook.running.begin_stop();
    });
    assert_eq!(status, 503);
    assert!(hook.bench.gateway.texts().is_empty());
    hook.running.stop().await;
}

#[tokio::test]
async fn photos_of_a_group_that_come_in_calls_of_their_own_are_one_message() {
    let hook = Hook::start().await;
    hook.bench.fake.add_file("a", "photos/a.jpg", b"a", 1);
    let photo = json!([{"file_id": "a", "file_unique_id": "u", "width": 1, "height": 1}]);
    let first = update(5, &json!({"photo": photo, "media_group_id": "g", "caption": "trip"}));
    let second = update(6, &json!({"photo": photo, "media_group_id": "g"}));
    let statuses = tokio::join!(hook.call(SECRET, &first), hook.call(SECRET, &second));
    assert_eq!(statuses, (200, 200));
    let messages = hook.bench.gateway.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].attachments.len(), 2);
    assert_eq!(messages[0].event_id.as_deref(), Some("5-6"));
    hook.running.stop().await;
}
