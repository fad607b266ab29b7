use nanobot_channel::{Channel, OutboundKind, OutboundMessage, StreamOutcome};
use nanobot_test_support::outbound;
use serde_json::{Value, json};

use crate::harness::{TestHub, texts};

fn piece(offset: usize, text: &str) -> Value {
    json!({"type": "piece", "chat": "chat", "stream": "s", "offset": offset, "text": text})
}

#[tokio::test]
async fn pieces_arrive_in_order_and_end_as_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let (mut page, _) = test.page_on("chat").await;
    test.step("chat", "Hé ", "Hé ", None).await;
    test.step("chat", "Hé 😀", "😀", None).await;
    test.step("chat", "Hé 😀!", "!", None).await;
    let complete = Some(StreamOutcome::Complete);
    test.step("chat", "Hé 😀! Bye", " Bye", complete).await;
    assert_eq!(page.frame().await, Some(piece(0, "Hé ")));
    assert_eq!(page.frame().await, Some(piece(3, "😀")));
    assert_eq!(page.frame().await, Some(piece(5, "!")));
    let message = page.next("message").await;
    assert_eq!(message["stream"], "s");
    assert_eq!(message["message"]["text"], "Hé 😀! Bye");
    assert_eq!(message["message"]["outcome"], Value::Null);
}

#[tokio::test]
async fn page_that_comes_in_mid_stream_gets_each_character_once() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let words: Vec<String> = (0..200).map(|number| format!("word{number} ")).collect();
    let whole = words.concat();
    let mut pages = Vec::new();
    let mut end = 0;
    for (number, word) in words.iter().enumerate() {
        end += word.len();
        test.step("chat", &whole[..end], word, None).await;
        if number % 40 == 7 {
            pages.push(test.page_on("chat").await);
        }
    }
    assert_eq!(pages.len(), 5);
    for (mut page, history) in pages {
        let mut text = history["streams"][0]["text"].as_str().unwrap().to_owned();
        while text.len() < whole.len() {
            let piece = page.next("piece").await;
            assert_eq!(piece["offset"], text.len());
            text.push_str(piece["text"].as_str().unwrap());
        }
        assert_eq!(text, whole);
    }
}

#[tokio::test]
async fn stream_that_ended_while_the_page_was_away_is_in_the_history_once() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let (page, _) = test.page_on("chat").await;
    test.step("chat", "Half", "Half", None).await;
    drop(page);
    let stopped = Some(StreamOutcome::Interrupted);
    test.step("chat", "Half done", " done", stopped).await;
    let (_, history) = test.page_on("chat").await;
    assert_eq!(texts(&history), ["Half done"]);
    assert_eq!(history["messages"][0]["outcome"], "interrupted");
    assert_eq!(history["streams"], json!([]));
}

#[tokio::test]
async fn whole_text_that_repairs_a_stream_replaces_it() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let (mut page, _) = test.page_on("chat").await;
    test.step("chat", "Half", "Half", None).await;
    test.send("chat", "d", "Half done").await.unwrap();
    assert_eq!(page.next("message").await["stream"], "s");
    let complete = Some(StreamOutcome::Complete);
    test.step("chat", "Half done", " done", complete).await;
    let (_, history) = test.page_on("chat").await;
    assert_eq!(texts(&history), ["Half done"]);
}

#[tokio::test]
async fn stream_without_text_leaves_no_message() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let (mut page, _) = test.page_on("chat").await;
    test.step("chat", "\n", "\n", None).await;
    let complete = Some(StreamOutcome::Complete);
    test.step("chat", "\n", "", complete).await;
    assert_eq!(page.next("stream_end").await["stream"], "s");
    let (_, history) = test.page_on("chat").await;
    assert!(texts(&history).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_that_has_the_history_misses_no_progress_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    for number in 0..100 {
        let (mut page, _) = test.page_on("chat").await;
        let text = number.to_string();
        let kind = OutboundKind::Progress;
        let message = OutboundMessage { kind, ..outbound("d", "chat", &text) };
        test.channel.send(message).await.unwrap();
        assert_eq!(page.next("progress").await["text"], text.as_str());
    }
}
