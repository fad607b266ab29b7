use std::io::Write;
use std::time::Duration;

use nanobot_channel::{
    Acceptance, Channel, ChannelError, ErrorKind, InboundMessage, OutboundKind, OutboundMessage,
};
use nanobot_test_support::{HoldPoint, outbound};
use serde_json::json;

use crate::harness::{TestHub, texts};

#[tokio::test]
async fn message_reaches_the_gateway_with_its_ids_and_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut test = TestHub::start(folder.path()).await;
    let (mut page, _) = test.page_on("chat").await;
    page.write("chat", "m-1", "Hello").await;
    let expected = InboundMessage::new("local", "chat", "Hello").with_event_id("m-1");
    assert_eq!(test.received().await, expected);
    let stored = page.next("message").await;
    assert_eq!(stored["message"]["id"], "m-1");
    let accepted = json!({"type": "accepted", "chat": "chat", "id": "m-1"});
    assert_eq!(page.next("accepted").await, accepted);
}

#[tokio::test]
async fn message_sent_again_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    for _ in 0..2 {
        let mut page = test.page().await;
        page.write("chat", "m-1", "Hello").await;
        page.next("accepted").await;
    }
    let (_, history) = test.page_on("chat").await;
    assert_eq!(texts(&history), ["Hello"]);
}

#[tokio::test]
async fn message_that_the_gateway_has_but_the_transcript_lost_is_stored_when_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    test.gateway.answer_next(Ok(Acceptance::Duplicate));
    let (mut page, _) = test.page_on("chat").await;
    page.write("chat", "m-1", "Hello").await;
    assert_eq!(page.next("message").await["message"]["text"], "Hello");
}

#[tokio::test]
async fn refusals_say_what_the_page_may_do() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let (mut page, _) = test.page_on("chat").await;
    let busy = ChannelError::new(ErrorKind::Overloaded, "too much to do")
        .with_retry_after(Duration::from_millis(700));
    let cases = [
        (Ok(Acceptance::Denied), "denied", json!(null)),
        (Err(busy), "overloaded", json!(700)),
        (Err(ChannelError::rejected("no")), "rejected", json!(null)),
        (Err(ChannelError::internal("bug")), "failed", json!(null)),
    ];
    for (answer, reason, wait) in cases {
        test.gateway.answer_next(answer);
        page.write("chat", "m-1", "Hello").await;
        let refused = page.next("refused").await;
        assert_eq!(refused["reason"], reason);
        assert_eq!(refused["retry_after_ms"], wait);
        assert!(!refused["text"].as_str().unwrap().is_empty());
    }
    let (_, history) = test.page_on("chat").await;
    assert!(texts(&history).is_empty());
}

#[tokio::test]
async fn message_is_refused_while_no_channel_runs_and_taken_when_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut test = TestHub::start(folder.path()).await;
    let mut page = test.page().await;
    test.stop_channel().await;
    assert_eq!(page.next("status").await["ready"], false);
    page.write("chat", "m-1", "Hello").await;
    assert_eq!(page.next("refused").await["reason"], "not_ready");
    test.run_channel().await;
    assert_eq!(page.next("status").await["ready"], true);
    page.write("chat", "m-1", "Hello").await;
    page.next("accepted").await;
}

#[tokio::test]
async fn all_pages_on_a_conversation_see_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let (mut one, _) = test.page_on("chat").await;
    let (mut two, _) = test.page_on("chat").await;
    let mut elsewhere = test.page().await;
    one.write("chat", "m-1", "Hello").await;
    assert_eq!(one.next("message").await, two.next("message").await);
    let row = elsewhere.frame().await.unwrap();
    assert_eq!((&row["type"], &row["title"]), (&json!("conversation"), &json!("Hello")));
}

#[tokio::test]
async fn delivery_repeated_is_one_message_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = {
        let test = TestHub::start(folder.path()).await;
        let (mut page, _) = test.page_on("chat").await;
        let first = test.send("chat", "d-1", "Answer").await.unwrap();
        assert_eq!(test.send("chat", "d-1", "Answer").await.unwrap(), first);
        test.send("chat", "d-2", "More").await.unwrap();
        assert_eq!(page.next("message").await["message"]["text"], "Answer");
        assert_eq!(page.next("message").await["message"]["text"], "More");
        first
    };
    let test = TestHub::start(folder.path()).await;
    assert_eq!(test.send("chat", "d-1", "Answer").await.unwrap(), first);
    let (_, history) = test.page_on("chat").await;
    assert_eq!(texts(&history), ["Answer", "More"]);
}

#[tokio::test]
async fn progress_is_shown_and_notices_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let (mut page, _) = test.page_on("chat").await;
    for (kind, text) in [(OutboundKind::ToolHint, "reading"), (OutboundKind::Notice, "restarted")] {
        let message = OutboundMessage { kind, ..outbound(text, "chat", text) };
        test.channel.send(message).await.unwrap();
    }
    let progress =
        json!({"type": "progress", "chat": "chat", "kind": "tool_hint", "text": "reading"});
    assert_eq!(page.next("progress").await, progress);
    assert_eq!(page.next("message").await["message"]["from"], "notice");
    let (_, history) = test.page_on("chat").await;
    assert_eq!(texts(&history), ["restarted"]);
}

#[tokio::test]
async fn renaming_and_deleting_reach_every_page() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    test.send("chat", "d-1", "Answer").await.unwrap();
    let (mut one, mut two) = (test.page().await, test.page().await);
    one.say(json!({"type": "rename", "chat": "chat", "title": " Better "})).await;
    assert_eq!(two.next("conversation").await["title"], "Better");
    one.say(json!({"type": "delete", "chat": "chat"})).await;
    assert_eq!(two.next("deleted").await["chat"], "chat");
    let late = test.send("chat", "d-2", "Too late").await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn history_goes_on_after_what_the_page_holds() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    for id in ["1", "2", "3"] {
        test.send("chat", id, id).await.unwrap();
    }
    let (mut page, whole) = test.page_on("chat").await;
    assert_eq!((&whole["reset"], texts(&whole)), (&json!(true), vec!["1", "2", "3"]));
    let after = &whole["messages"][1]["seq"];
    page.say(json!({"type": "open", "chat": "chat", "after": after})).await;
    let rest = page.next("history").await;
    assert_eq!((&rest["reset"], texts(&rest)), (&json!(false), vec!["3"]));
    page.say(json!({"type": "open", "chat": "chat", "after": 1})).await;
    assert_eq!(page.next("history").await["reset"], true);
}

#[tokio::test]
async fn torn_line_costs_no_other_message() {
    let folder = tempfile::tempdir().unwrap();
    {
        let test = TestHub::start(folder.path()).await;
        test.send("chat", "1", "one").await.unwrap();
    }
    let path = folder.path().join("conversations/chat.jsonl");
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"{\"seq\":7,\"id\":\"2\",\"from\":\"age").unwrap();
    let test = TestHub::start(folder.path()).await;
    test.send("chat", "2", "two").await.unwrap();
    let (_, history) = test.page_on("chat").await;
    assert_eq!(texts(&history), ["one", "two"]);
}

#[tokio::test]
async fn chat_id_that_is_a_path_reaches_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let error = test.send("../outside", "1", "text").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let mut page = test.page().await;
    page.write("../outside", "1", "text").await;
    assert_eq!(page.next("refused").await["reason"], "rejected");
    page.say(json!({"type": "delete", "chat": "../outside"})).await;
    page.next("error").await;
}

#[tokio::test]
async fn ping_is_answered_while_the_gateway_takes_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    test.gateway.hold(HoldPoint::BeforeStoring);
    let mut page = test.page().await;
    page.write("chat", "m-1", "Hello").await;
    page.say(json!({"type": "ping"})).await;
    assert_eq!(page.frame().await, Some(json!({"type": "pong"})));
    test.gateway.let_go();
    page.next("accepted").await;
}

#[tokio::test]
async fn answer_that_overtakes_its_question_is_stored_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    test.gateway.hold(HoldPoint::BeforeStoring);
    let (mut page, _) = test.page_on("chat").await;
    page.write("chat", "m-1", "Question").await;
    test.gateway.wait_for_hold().await;
    let answer = test.send("chat", "d-1", "Answer");
    let (answered, ()) = tokio::join!(answer, async { test.gateway.let_go() });
    answered.unwrap();
    assert_eq!(page.next("message").await["message"]["text"], "Question");
    assert_eq!(page.next("message").await["message"]["text"], "Answer");
}

#[tokio::test]
async fn accepted_message_is_stored_although_its_page_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut test = TestHub::start(folder.path()).await;
    test.gateway.hold(HoldPoint::BeforeStoring);
    let mut page = test.page().await;
    page.write("chat", "m-1", "Hello").await;
    test.gateway.wait_for_hold().await;
    drop(page);
    test.gateway.let_go();
    test.received().await;
    test.stop_channel().await;
    let (_, history) = test.page_on("chat").await;
    assert_eq!(texts(&history), ["Hello"]);
}
