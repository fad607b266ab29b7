//! Two ends of a link over an in-memory pipe.

use std::time::Duration;

use nanobot_plugin_link::{LinkError, Peer, ReadError, Reader, link};
use nanobot_protocol::{
    ChannelState, Empty, ErrorKind, ErrorObject, HostMessage, MAX_LINE_BYTES, Ping, PingAnswer,
    PluginMessage, SenderCheck, SenderCheckAnswer, Shutdown, ShutdownReason, StreamDelta,
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The host's end over a pipe whose other end is raw bytes.
fn host() -> (Peer, Reader<tokio::io::ReadHalf<DuplexStream>>, DuplexStream) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (read, write) = tokio::io::split(near);
    let (peer, reader, writer) = link(read, write);
    tokio::spawn(writer.run());
    (peer, reader, far)
}

/// Both ends; the plugin's answers each ping with `in_flight` 7.
fn pair() -> (Peer, Peer, JoinHandle<Result<(), ReadError>>) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (read, write) = tokio::io::split(near);
    let (host, reader, writer) = link(read, write);
    tokio::spawn(writer.run());
    let check = host.clone();
    let reading = tokio::spawn(reader.run(move |message: PluginMessage| {
        if let PluginMessage::SenderCheck(id, _) = message {
            check.answer_now(id, Ok(&SenderCheckAnswer { allowed: true }));
        }
    }));
    let (read, write) = tokio::io::split(far);
    let (plugin, reader, writer) = link(read, write);
    tokio::spawn(writer.run());
    let pong = plugin.clone();
    tokio::spawn(reader.run(move |message: HostMessage| {
        if let HostMessage::Ping(id, _) = message {
            let answer = PingAnswer { inbound_in_flight: 7, deliveries_in_flight: 0 };
            pong.answer_now(id, Ok(&answer));
        }
    }));
    (host, plugin, reading)
}

#[tokio::test]
async fn requests_in_both_directions_get_their_answers() {
    let (host, plugin, _reading) = pair();
    let sender = serde_json::from_str(r#"{"id":"42"}"#).unwrap();
    let question = SenderCheck { sender };
    let (pong, check) = tokio::join!(host.request(&Ping {}), plugin.request(&question));
    assert_eq!(pong.unwrap().inbound_in_flight, 7);
    assert!(check.unwrap().allowed);
}

#[tokio::test]
async fn unknown_request_is_answered_unsupported_and_noise_is_skipped() {
    let (_peer, reader, far) = host();
    tokio::spawn(reader.run(|_: PluginMessage| {}));
    let (read, mut write) = tokio::io::split(far);
    let noise = "Loading model…\n\n{\"half\": \n{\"jsonrpc\":\"2.0\",\"method\":\"x-moon\"}\n";
    write.write_all(noise.as_bytes()).await.unwrap();
    write.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"moon/phase\"}\n").await.unwrap();
    let line = BufReader::new(read).lines().next_line().await.unwrap().unwrap();
    let expected = ErrorObject::new(ErrorKind::Unsupported, "method moon/phase is not known");
    let answer: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(answer["id"], 5);
    assert_eq!(answer["error"], serde_json::to_value(expected).unwrap());
}

#[tokio::test]
async fn output_that_is_not_text_is_skipped_like_other_noise() {
    let (_peer, reader, far) = host();
    let (seen, mut states) = mpsc::channel(1);
    tokio::spawn(reader.run(move |message: PluginMessage| {
        if let PluginMessage::ChannelStatus(status) = message {
            seen.try_send(status.state).unwrap();
        }
    }));
    let (_read, mut write) = tokio::io::split(far);
    let status = b"{\"jsonrpc\":\"2.0\",\"method\":\"channel/status\",\"params\":{\"state\":\"connected\"}}\r\n";
    write.write_all(b"caf\xe9\n{\xff\xfe}\n").await.unwrap();
    write.write_all(status).await.unwrap();
    assert_eq!(states.recv().await, Some(ChannelState::Connected));
}

#[tokio::test]
async fn waiting_requests_fail_at_once_when_the_other_side_goes() {
    let (peer, reader, far) = host();
    let reading = tokio::spawn(reader.run(|_: PluginMessage| {}));
    let waiting = tokio::spawn({
        let peer = peer.clone();
        async move { peer.request(&Ping {}).await }
    });
    let mut far = BufReader::new(far);
    far.read_line(&mut String::new()).await.unwrap();
    drop(far);
    assert!(matches!(waiting.await.unwrap(), Err(LinkError::Closed)));
    assert!(matches!(peer.request(&Ping {}).await, Err(LinkError::Closed)));
    reading.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_without_answer_times_out_and_is_cancelled() {
    let (peer, reader, far) = host();
    tokio::spawn(reader.run(|_: PluginMessage| {}));
    let shutdown = Shutdown { grace_ms: 10, reason: ShutdownReason::Stop };
    let error = peer.request_within(&shutdown, Duration::from_secs(3)).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer to shutdown within 3000 ms");
    let mut lines = BufReader::new(far).lines();
    assert!(lines.next_line().await.unwrap().unwrap().contains("\"shutdown\""));
    let cancel = lines.next_line().await.unwrap().unwrap();
    assert_eq!(cancel, r#"{"jsonrpc":"2.0","method":"$/cancel","params":{"id":1}}"#);
}

#[tokio::test]
async fn an_answer_of_the_wrong_shape_names_the_method() {
    let (peer, reader, far) = host();
    tokio::spawn(reader.run(|_: PluginMessage| {}));
    let question = tokio::spawn(async move { peer.request(&Ping {}).await });
    let (read, mut write) = tokio::io::split(far);
    BufReader::new(read).read_line(&mut String::new()).await.unwrap();
    write.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"soon\"}\n").await.unwrap();
    let error = question.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "answer to ping is not valid");
}

#[tokio::test]
async fn overlong_line_ends_the_link_and_an_almost_overlong_one_does_not() {
    let (peer, reader, mut far) = host();
    let (seen, mut deltas) = mpsc::channel(1);
    let reading = tokio::spawn(reader.run(move |message: HostMessage| {
        if let HostMessage::StreamDelta(delta) = message {
            seen.try_send(delta.text.len()).unwrap();
        }
    }));
    let delta = |length: usize| {
        let delta = StreamDelta { stream_id: "s".into(), seq: 1, text: "a".repeat(length) };
        nanobot_protocol::line::notification(&delta)
    };
    far.write_all(&delta(MAX_LINE_BYTES - 200)).await.unwrap();
    assert_eq!(deltas.recv().await, Some(MAX_LINE_BYTES - 200));
    let _ = far.write_all(&delta(MAX_LINE_BYTES + 1)).await;
    assert!(matches!(reading.await.unwrap(), Err(ReadError::LineTooLong)));
    assert!(peer.is_closed());
}

#[tokio::test]
async fn a_call_that_does_not_fit_into_a_line_is_refused_before_it_is_sent() {
    let (host, _plugin, _reading) = pair();
    let delta = StreamDelta { stream_id: "s".into(), seq: 1, text: "a".repeat(MAX_LINE_BYTES) };
    let error = host.notify(&delta).await.unwrap_err();
    assert!(matches!(error, LinkError::TooLong { method: "stream/delta", .. }));
    host.request(&Ping {}).await.expect("the link goes on");
}

#[tokio::test]
async fn lines_handed_over_before_the_link_is_closed_are_still_written() {
    let (peer, _reader, mut far) = host();
    peer.answer(1, Ok(&Empty {})).await.unwrap();
    peer.close();
    let mut text = String::new();
    far.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n");
}
