use nanobot_channel::{OutboundKind, OutboundMessage};
use nanobot_channel_discord::DiscordConfig;
use nanobot_test_support::{DiscordMischief, FakeDiscord, RunningChannel, outbound};

use crate::support::{Bench, CHAT};

async fn ask(bench: &Bench) -> (u64, OutboundMessage) {
    let id = bench.fake.person_writes(CHAT, "Hello?");
    let question = bench.gateway.wait_for_messages(1).await.remove(0);
    (id, OutboundMessage { metadata: question.metadata, ..outbound("d", CHAT, "Hi") })
}

async fn start(bench: &Bench, delay: f64) -> RunningChannel {
    bench.start_with(DiscordConfig { working_emoji_delay: delay, ..bench.config() }).await
}

fn shows(id: u64, emojis: &'static [&'static str]) -> impl Fn(&FakeDiscord) -> bool {
    move |fake| fake.reactions(CHAT, id) == emojis
}

#[tokio::test]
async fn question_has_its_signs_until_the_answer() {
    let bench = Bench::new().await;
    let running = start(&bench, 0.01).await;
    let (id, answer) = ask(&bench).await;
    bench.fake.wait_until("both reactions", shows(id, &["👀", "🔧"])).await;
    bench.fake.wait_for_calls("typing", 1).await;
    let progress = OutboundMessage { kind: OutboundKind::Progress, ..answer.clone() };
    running.channel.send(OutboundMessage { delivery_id: "p".into(), ..progress }).await.unwrap();
    assert_eq!(bench.fake.reactions(CHAT, id), ["👀", "🔧"]);
    running.channel.send(answer).await.unwrap();
    bench.fake.wait_until("no reaction", shows(id, &[])).await;
    running.stop().await;
}

#[tokio::test]
async fn quick_answer_needs_no_working_sign() {
    let bench = Bench::new().await;
    let running = start(&bench, 60.0).await;
    let (id, answer) = ask(&bench).await;
    bench.fake.wait_until("the receipt", shows(id, &["👀"])).await;
    running.channel.send(answer).await.unwrap();
    bench.fake.wait_until("no reaction", shows(id, &[])).await;
    assert_eq!(bench.fake.calls_of("react").len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn stop_takes_the_signs_back() {
    let bench = Bench::new().await;
    let running = start(&bench, 60.0).await;
    let (id, _) = ask(&bench).await;
    bench.fake.wait_until("the receipt", shows(id, &["👀"])).await;
    running.stop().await;
    assert!(bench.fake.reactions(CHAT, id).is_empty());
}

#[tokio::test]
async fn reaction_that_is_forbidden_is_not_tried_again_in_the_channel() {
    let bench = Bench::new().await;
    bench.fake.misbehave("react", DiscordMischief::Refuse(403, 50013));
    let running = start(&bench, 0.0).await;
    let (_, answer) = ask(&bench).await;
    bench.fake.wait_for_calls("typing", 1).await;
    running.channel.send(answer).await.unwrap();
    running.stop().await;
    assert_eq!(bench.fake.calls_of("react").len(), 1);
}

#[tokio::test]
async fn empty_emojis_mean_no_reactions() {
    let bench = Bench::new().await;
    let config = DiscordConfig {
        read_receipt_emoji: String::new(),
        working_emoji: String::new(),
        ..bench.config()
    };
    let running = bench.start_with(config).await;
    ask(&bench).await;
    bench.fake.wait_for_calls("typing", 1).await;
    running.stop().await;
    assert!(bench.fake.calls_of("react").is_empty());
}
