use nanobot_channel_web::HubOptions;
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::harness::{TestHub, texts};

#[tokio::test]
async fn oversize_text_is_refused_and_the_connection_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HubOptions::new(folder.path());
    options.limits.max_text_bytes = 1024;
    let test = TestHub::with(options).await;
    let mut page = test.page().await;
    page.write("chat", "1", &"x".repeat(1025)).await;
    assert_eq!(page.next("refused").await["reason"], "rejected");
    page.write("chat", "2", &"\u{1}".repeat(1024)).await;
    page.next("accepted").await;
}

#[tokio::test]
async fn page_that_does_not_read_is_disconnected_and_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HubOptions::new(folder.path());
    options.limits.max_queued_bytes = 256 * 1024;
    let test = TestHub::with(options).await;
    let (mut slow, _) = test.page_on("chat").await;
    let (mut fast, _) = test.page_on("chat").await;
    let piece = "x".repeat(64 * 1024);
    let pieces = 220;
    let whole = piece.repeat(pieces);
    for number in 1..=pieces {
        let text = &whole[..number * piece.len()];
        test.step("chat", text, &piece, None).await;
        fast.next("piece").await;
    }
    let mut got = 0;
    while let Some(frame) = slow.frame().await {
        got += usize::from(frame["type"] == "piece");
    }
    assert!(got < pieces, "the slow page was not disconnected");
    let (_, history) = test.page_on("chat").await;
    assert_eq!(history["streams"][0]["text"].as_str(), Some(&*whole));
}

#[tokio::test]
async fn conversations_beyond_the_bound_push_out_the_oldest() {
    let folder = tempfile::tempdir().unwrap();
    {
        let test = TestHub::start(folder.path()).await;
        test.send("a", "1", "first").await.unwrap();
    }
    let oldest = std::fs::File::open(folder.path().join("conversations/a.jsonl")).unwrap();
    oldest.set_modified(std::time::UNIX_EPOCH).unwrap();
    let mut options = HubOptions::new(folder.path());
    options.max_conversations = 2;
    let test = TestHub::with(options).await;
    let mut page = test.page().await;
    test.send("b", "2", "second").await.unwrap();
    test.send("c", "3", "third").await.unwrap();
    assert_eq!(page.next("deleted").await["chat"], "a");
    let files = std::fs::read_dir(folder.path().join("conversations")).unwrap();
    assert_eq!(files.count(), 2);
}

#[tokio::test]
async fn long_history_comes_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HubOptions::new(folder.path());
    options.limits.max_history = 2;
    let test = TestHub::with(options).await;
    for id in ["1", "2", "3"] {
        test.send("chat", id, id).await.unwrap();
    }
    let (mut page, history) = test.page_on("chat").await;
    assert_eq!(texts(&history), ["2", "3"]);
    assert_eq!(history["earlier"], true);
    let before = &history["messages"][0]["seq"];
    page.say(json!({"type": "earlier", "chat": "chat", "before": before})).await;
    let earlier = page.next("earlier").await;
    assert_eq!((texts(&earlier), &earlier["earlier"]), (vec!["1"], &json!(false)));
}

#[tokio::test]
async fn one_page_too_many_is_turned_away_until_another_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HubOptions::new(folder.path());
    options.limits.max_connections = 1;
    let test = TestHub::with(options).await;
    let page = test.page().await;
    match test.connect().await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 503),
        _ => panic!("expected a 503"),
    }
    drop(page);
    while test.connect().await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn closing_the_hub_ends_every_connection() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let mut page = test.page().await;
    let waiting = test.connect().await.unwrap();
    test.hub.close().await;
    while page.frame().await.is_some() {}
    drop(waiting);
}
