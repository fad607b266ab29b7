//! All connections go through the proxy of the config.

use std::sync::{Arc, Mutex};

use nanobot_channel::ChannelState;
use nanobot_channel_discord::DiscordConfig;
use nanobot_test_support::outbound;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Bench, CHAT};

/// The first lines of what an HTTP proxy was asked, each with its login.
type Asked = Arc<Mutex<Vec<(String, bool)>>>;

/// An HTTP proxy; its address with a name and a password.
async fn start_proxy(refuses: bool) -> (String, Asked) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client, Arc::clone(&seen), refuses));
        }
    });
    (format!("http://user:p%40ss@{address}"), asked)
}

async fn serve(mut client: TcpStream, asked: Asked, refuses: bool) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let text = String::from_utf8(head.clone()).unwrap();
    let line = text.lines().next().unwrap().to_owned();
    let has_login = text.to_lowercase().contains("proxy-authorization: basic dxnlcjpwqhnz");
    asked.lock().unwrap().push((line.clone(), has_login));
    let target = line.split(' ').nth(1).unwrap();
    let is_tunnel = line.starts_with("CONNECT ");
    if is_tunnel && refuses {
        let _gone = client.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await;
        return;
    }
    let host = target.trim_start_matches("http://").split('/').next().unwrap();
    let mut server = TcpStream::connect(host).await.unwrap();
    if is_tunnel {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    } else {
        server.write_all(&head).await.unwrap();
    }
    let _ended = copy_bidirectional(&mut client, &mut server).await;
}

#[tokio::test]
async fn calls_and_gateway_go_through_the_proxy_with_its_login() {
    let bench = Bench::new().await;
    let (proxy, asked) = start_proxy(false).await;
    let config = DiscordConfig { proxy: Some(proxy), ..bench.config() };
    let running = bench.start_with(config).await;
    bench.fake.person_writes(CHAT, "Hello?");
    bench.gateway.wait_for_messages(1).await;
    running.channel.send(outbound("d", CHAT, "Hi")).await.unwrap();
    running.stop().await;
    let asked = asked.lock().unwrap().clone();
    assert!(asked.iter().any(|(line, _)| line.starts_with("CONNECT ")), "{asked:?}");
    assert!(asked.iter().any(|(line, _)| line.contains("/api/v10/")), "{asked:?}");
    assert!(asked.iter().all(|(_, has_login)| *has_login), "{asked:?}");
}

#[tokio::test]
async fn proxy_that_refuses_is_told_of() {
    let bench = Bench::new().await;
    let (proxy, _) = start_proxy(true).await;
    let config = DiscordConfig { proxy: Some(proxy), ..bench.config() };
    let running = bench.launch(config);
    let status = bench.gateway.wait_for_state(ChannelState::Retrying).await;
    let reason = status.message.unwrap();
    assert!(reason.contains("the proxy refused to connect: HTTP/1.1 403"), "{reason}");
    assert!(!reason.contains("p%40ss") && !reason.contains("p@ss"), "{reason}");
    running.stop().await;
}
