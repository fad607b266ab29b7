use std::time::Duration;

use nanobot_plugin::{Attachment, ErrorKind, OutboundKind};
use serde_json::json;

use super::receiver::Receiver;
use super::webhook;

#[tokio::test]
async fn a_reply_is_posted_with_its_delivery_id() {
    let (receiver, url) = Receiver::start().await;
    let (test, _) = webhook(Some(&url)).await;
    let mut message = test.message("room", "Hi");
    message.attachments.push(Attachment::from_path("/media/cat.png"));
    test.deliver(message.clone()).await.unwrap();
    let body = json!({"chat_id": "room", "text": "Hi", "final": true, "media": ["/media/cat.png"]});
    assert_eq!(receiver.posts(), [(Some(message.delivery_id), body)]);
}

#[tokio::test]
async fn progress_is_not_final() {
    let (receiver, url) = Receiver::start().await;
    let (test, _) = webhook(Some(&url)).await;
    let mut message = test.message("room", "Searching");
    message.kind = OutboundKind::Progress;
    test.deliver(message).await.unwrap();
    assert_eq!(receiver.posts()[0].1["final"], false);
}

#[tokio::test]
async fn a_stream_is_posted_as_it_grows() {
    let (receiver, url) = Receiver::start().await;
    let (test, _) = webhook(Some(&url)).await;
    let mut stream = test.open_stream("room").await;
    for piece in ["Hel", "lo"] {
        stream.delta(piece).await;
        stream.acked().await.unwrap();
    }
    stream.end().await.unwrap();
    let body =
        |text: &str, is_final: bool| json!({"chat_id": "room", "text": text, "final": is_final});
    let expected = [
        (None, body("Hel", false)),
        (None, body("Hello", false)),
        (Some("delivery-of-stream-1".to_owned()), body("Hello", true)),
    ];
    assert_eq!(receiver.posts(), expected);
}

#[tokio::test]
async fn a_refused_reply_says_whether_to_try_again() {
    let (receiver, url) = Receiver::start().await;
    let (test, _) = webhook(Some(&url)).await;
    for (status, kind, wait) in [
        (429, ErrorKind::RateLimited, Some(Duration::from_secs(3))),
        (500, ErrorKind::Network, Some(Duration::from_secs(3))),
        (404, ErrorKind::Rejected, Some(Duration::from_secs(3))),
    ] {
        receiver.answer_with((status, "3"));
        let error = test.send("room", "Hi").await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (kind, wait));
    }
}

#[tokio::test]
async fn a_callback_that_nobody_takes_is_a_network_error() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    let (test, _) = webhook(Some(&url)).await;
    assert_eq!(test.send("room", "Hi").await.unwrap_err().kind(), ErrorKind::Network);
}

#[tokio::test]
async fn without_a_callback_replies_are_logged_and_count_as_delivered() {
    let (test, _) = webhook(None).await;
    test.send("room", "Hi").await.unwrap();
}

#[tokio::test]
async fn a_reply_that_may_have_arrived_says_so() {
    let (receiver, url) = Receiver::start().await;
    let (test, _) = webhook(Some(&url)).await;
    let mut message = test.message("room", "Hi");
    message.metadata.insert("_possible_duplicate".into(), true.into());
    test.deliver(message).await.unwrap();
    assert_eq!(receiver.posts()[0].1["possible_duplicate"], true);
}
