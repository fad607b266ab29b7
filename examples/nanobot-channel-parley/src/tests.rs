//! The channel through the real link; `ChannelTest` plays the gateway.

use nanobot_plugin::testing::ChannelTest;
use nanobot_plugin::{Acceptance, ChannelState, ErrorKind, InboundMessage};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::Section;

/// The running channel on a free port, and somebody who says these lines to it.
async fn connected(lines: &str) -> (ChannelTest, BufReader<TcpStream>) {
    let mut test = ChannelTest::start::<Section>(json!({"port": 0})).await;
    let said = test.wait_for(ChannelState::Connected).await.message.unwrap();
    let address = said.strip_prefix("listening on ").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(lines.as_bytes()).await.unwrap();
    (test, BufReader::new(stream))
}

async fn next_line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    line
}

#[tokio::test]
async fn a_line_is_a_message_and_the_answer_comes_back() {
    let (mut test, mut stream) = connected("ada\nHello!\n").await;
    assert_eq!(test.receive().await, InboundMessage::new("ada", "ada", "Hello!"));
    test.send("ada", "Hi Ada.").await.unwrap();
    assert_eq!(next_line(&mut stream).await, "Hi Ada.\n");
    assert_eq!(test.shutdown().await, 0);
}

#[tokio::test]
async fn whoever_is_not_allowed_is_told() {
    let (test, mut stream) = connected("eve\n").await;
    test.answer_with(Ok(Acceptance::Denied));
    stream.write_all(b"Hello!\n").await.unwrap();
    assert_eq!(next_line(&mut stream).await, "You are not on the allow-list.\n");
}

#[tokio::test]
async fn an_answer_to_somebody_who_is_gone_is_tried_again() {
    let (test, _stream) = connected("ada\n").await;
    let error = test.send("bob", "Hi Bob.").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotReady);
}
