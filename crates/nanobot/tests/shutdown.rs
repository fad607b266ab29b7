//! Every way to end a gateway: in order, with nothing left open and nothing lost.

mod webhook_road;

use std::collections::BTreeMap;

use nanobot_test_support::{FakeModel, FakeReply, Signal, Step, TestGateway};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use webhook_road::{
    BINARY, callbacks, config, gateway, home_with_plugin, listening, send, send_to,
};

/// Streams that are open when the gateway is ended.
const CHATS: usize = 20;

type Posts = BTreeMap<String, Vec<Value>>;

fn chats() -> impl Iterator<Item = String> {
    (0..CHATS).map(|number| format!("c{number}"))
}

/// Lets the model begin an answer in every chat, and stall; returns when each chat has seen it.
async fn open_streams(model: &FakeModel, address: &str, answers: &mut mpsc::Receiver<Value>) {
    for chat in chats() {
        let end = Step::End { input_tokens: 5, output_tokens: 3 };
        let rest = [Step::Stall, Step::Text("lo!".into()), end];
        model.push(rest.into_iter().fold(FakeReply::partial(["Hel"]), FakeReply::then));
        assert_eq!(send_to(address, &chat, "Hello?").await.0, 200);
    }
    let opened = posts_until(answers, |posts| posts.len() == CHATS).await;
    for posts in opened.values() {
        assert!(posts.iter().all(|post| post["final"] == false), "{posts:?}");
    }
}

/// Collects posts, by chat, until there are enough.
async fn posts_until(
    answers: &mut mpsc::Receiver<Value>,
    is_enough: impl Fn(&Posts) -> bool,
) -> Posts {
    let mut posts = Posts::new();
    while !is_enough(&posts) {
        let next = tokio::time::timeout(std::time::Duration::from_secs(60), answers.recv()).await;
        let post = next.unwrap_or_else(|_| panic!("not enough was posted: {posts:#?}"));
        let post = post.expect("the listener runs");
        let chat = post["chat_id"].as_str().expect("a chat").to_owned();
        posts.entry(chat).or_default().push(post);
    }
    posts
}

fn finals(posts: &[Value]) -> Vec<&str> {
    let finals = posts.iter().filter(|post| post["final"] == true);
    finals.filter_map(|post| post["text"].as_str()).collect()
}

fn all_have_a_final(posts: &Posts) -> bool {
    posts.len() == CHATS && posts.values().all(|posts| !finals(posts).is_empty())
}

/// All that was posted and not looked at yet, by chat.
fn left_over(answers: &mut mpsc::Receiver<Value>) -> Vec<Value> {
    std::iter::from_fn(|| answers.try_recv().ok()).collect()
}

async fn deliveries(gateway: &TestGateway) -> Vec<Value> {
    let listed = gateway.command(BINARY, &["deliveries", "--json"]).await;
    serde_json::from_slice(&listed.stdout).expect("a list of deliveries")
}

#[tokio::test]
async fn a_signal_lets_every_open_stream_come_to_its_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let model = FakeModel::start().await;
        let (callback_url, mut answers) = callbacks().await;
        let (mut gateway, address) = gateway(&model, &callback_url).await;
        open_streams(&model, &address, &mut answers).await;
        gateway.signal(signal);
        gateway.wait_for_stderr("Stopping").await;
        chats().for_each(|_| model.release());
        assert_eq!(gateway.wait().await.code(), Some(0), "{}", gateway.stderr());
        let posts = posts_until(&mut answers, all_have_a_final).await;
        for (chat, posts) in &posts {
            assert_eq!(finals(posts), ["Hello!"], "{chat}");
        }
        assert_eq!(left_over(&mut answers), Vec::<Value>::new());
        let gateway = gateway.restarted().await;
        let listed = deliveries(&gateway).await;
        assert_eq!(listed.len(), CHATS);
        assert!(listed.iter().all(|delivery| delivery["state"] == "delivered"), "{listed:#?}");
        assert_eq!(model.request_count(), CHATS, "nothing is answered twice");
    }
}

#[tokio::test]
async fn a_second_signal_ends_every_stream_at_once_and_the_next_gateway_answers() {
    for signal in [Signal::TERM, Signal::INT] {
        let model = FakeModel::start().await;
        let (callback_url, mut answers) = callbacks().await;
        let (mut gateway, address) = gateway(&model, &callback_url).await;
        open_streams(&model, &address, &mut answers).await;
        gateway.signal(signal);
        gateway.wait_for_stderr("Stopping").await;
        gateway.signal(signal);
        assert_eq!(gateway.wait().await.code(), Some(0), "{}", gateway.stderr());
        let posts = posts_until(&mut answers, all_have_a_final).await;
        for (chat, posts) in &posts {
            assert_eq!(finals(posts), ["Hel"], "{chat} sees its stream end");
        }
        model.set_default(FakeReply::text("Hello again!"));
        let _gateway = gateway.restarted().await;
        let posts = posts_until(&mut answers, all_have_a_final).await;
        for (chat, posts) in &posts {
            assert_eq!(finals(posts), ["Hello again!"], "{chat}");
        }
    }
}

#[tokio::test]
async fn restart_in_a_chat_ends_in_order_goes_on_in_the_same_process_and_says_so_there() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let (gateway, address) = gateway(&model, &callback_url).await;
    let process = gateway.id();
    open_streams(&model, &address, &mut answers).await;
    assert_eq!(send_to(&address, "asker", "/restart").await.0, 200);
    let asked = posts_until(&mut answers, |posts| posts.contains_key("asker")).await;
    assert_eq!(finals(&asked["asker"]), ["Restarting…"]);
    chats().for_each(|_| model.release());
    let is_back = |posts: &Posts| posts.contains_key("asker");
    let mut posts = posts_until(&mut answers, is_back).await;
    let asker = posts.remove("asker").expect("it was waited for");
    let [said] = finals(&asker)[..] else { panic!("it is said once: {asker:?}") };
    assert!(said.starts_with("Restart completed in ") && said.ends_with(" s."), "{said}");
    assert!(all_have_a_final(&posts), "every stream ended before the restart: {posts:#?}");
    for (chat, posts) in &posts {
        assert_eq!(finals(posts), ["Hello!"], "{chat}");
    }
    assert_eq!(gateway.id(), process);
    let address = listening(&gateway, "").await;
    model.set_default(FakeReply::text("Still here."));
    assert_eq!(send(&address, "Are you?").await.0, 200);
    let is_answered = |posts: &Posts| posts.get("c1").is_some_and(|it| !finals(it).is_empty());
    let posts = posts_until(&mut answers, is_answered).await;
    assert_eq!(finals(&posts["c1"]), ["Still here."]);
}

#[tokio::test]
async fn a_signal_during_a_restart_ends_it_for_good() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let (mut gateway, address) = gateway(&model, &callback_url).await;
    open_streams(&model, &address, &mut answers).await;
    assert_eq!(send_to(&address, "asker", "/restart").await.0, 200);
    posts_until(&mut answers, |posts| posts.contains_key("asker")).await;
    gateway.signal(Signal::TERM);
    gateway.wait_for_stderr("Stopping").await;
    chats().for_each(|_| model.release());
    assert_eq!(gateway.wait().await.code(), Some(0), "{}", gateway.stderr());
    assert_eq!(gateway.stdout().matches("Listening on").count(), 1, "{}", gateway.stdout());
}

/// A plugin that is slow to clean up, and leaves a file when it has.
const TIDY_PLUGIN: &str = r#"#!/bin/sh
while read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/^{"jsonrpc":"2.0","id":\([0-9]*\),.*/\1/p')
    case $line in
    *'"method":"initialize"'*)
        printf '{"jsonrpc":"2.0","id":%s,"result":{"protocol_version":1,"plugin":{"name":"tidy","version":"1"},"channel":{"kind":"tidy","display_name":"Tidy"},"capabilities":{},"config_schema":{"type":"object"},"default_config":{"enabled":false}}}\n' "$id"
        ;;
    *'"method":"channel/start"'*)
        printf '{"jsonrpc":"2.0","id":%s,"result":{}}\n' "$id"
        printf '{"jsonrpc":"2.0","method":"channel/status","params":{"state":"connected"}}\n'
        ;;
    *'"method":"shutdown"'*)
        sleep 0.3
        echo cleaned >>cleaned-up
        printf '{"jsonrpc":"2.0","id":%s,"result":{}}\n' "$id"
        exit 0
        ;;
    esac
done
"#;

#[tokio::test]
async fn every_way_to_end_lets_plugins_clean_up() {
    let model = FakeModel::start().await;
    let (callback_url, mut answers) = callbacks().await;
    let home = home_with_plugin();
    let script = home.path().join(".nanobot/plugins/bin/nanobot-channel-tidy");
    webhook_road::install_script(&script, TIDY_PLUGIN);
    let cleaned = home.path().join(".nanobot/channels/tidy/cleaned-up");
    let times = || std::fs::read_to_string(&cleaned).unwrap_or_default().lines().count();
    let mut config = config(&model, &callback_url);
    config["channels"]["tidy"] = json!({"enabled": true, "allowFrom": ["*"]});
    let mut gateway = TestGateway::builder(BINARY).home(home).config(config).start().await;
    let is_up = |table: &str| table.matches(" connected ").count() == 3;
    for (nth, signals) in
        [&[Signal::TERM][..], &[Signal::INT], &[Signal::TERM; 2]].iter().enumerate()
    {
        gateway.command_until(BINARY, &["channels", "status"], is_up).await;
        for signal in *signals {
            gateway.signal(*signal);
            gateway.wait_for_stderr("Stopping").await;
        }
        assert_eq!(gateway.wait().await.code(), Some(0), "{}", gateway.stderr());
        assert_eq!(times(), nth + 1, "{signals:?}");
        gateway = gateway.restarted().await;
    }
    gateway.command_until(BINARY, &["channels", "status"], is_up).await;
    let address = listening(&gateway, "").await;
    assert_eq!(send_to(&address, "asker", "/restart").await.0, 200);
    let is_done = |posts: &Posts| posts.get("asker").is_some_and(|posts| posts.len() == 2);
    posts_until(&mut answers, is_done).await;
    assert_eq!(times(), 4);
}
