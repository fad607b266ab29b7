//! What the link itself promises, with a host that calls it directly.

use crate::support::{Probe, ProbeConfig};
use nanobot_plugin::testing::serve_over;
use nanobot_plugin_link::{LinkError, Peer, link};
use nanobot_protocol::{
    ChannelStart, ErrorKind, Initialize, MessageSend, Metadata, Ping, PingAnswer, PluginMessage,
    Product,
};
use tokio::task::JoinHandle;

fn plugin() -> (Peer, JoinHandle<u8>) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (read, write) = tokio::io::split(far);
    let session = tokio::spawn(serve_over::<ProbeConfig>(read, write));
    let (read, write) = tokio::io::split(near);
    let (peer, reader, writer) = link(read, write);
    tokio::spawn(writer.run());
    tokio::spawn(reader.run(|_: PluginMessage| {}));
    (peer, session)
}

fn hello(protocol_versions: &[u32]) -> Initialize {
    let host = Product { name: "test".into(), version: "1".into() };
    Initialize {
        protocol_versions: protocol_versions.to_vec(),
        host,
        capabilities: Default::default(),
        instance: "probe".into(),
        log_level: Some("debug".into()),
    }
}

fn start() -> ChannelStart {
    ChannelStart { config: Metadata::new(), state_dir: "/tmp".into(), media_dir: "/tmp".into() }
}

fn refusal<T: std::fmt::Debug>(result: Result<T, LinkError>) -> nanobot_protocol::ErrorObject {
    match result {
        Err(LinkError::Refused(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn initialize_describes_the_channel_in_the_newest_common_version() {
    let (host, _session) = plugin();
    let answer = host.request(&hello(&[9, 1])).await.unwrap();
    assert_eq!(answer.protocol_version, 1);
    assert_eq!(answer.plugin.name, "nanobot-channel-probe");
    assert_eq!(answer.channel.kind, "probe");
    assert_eq!(answer.capabilities.streaming.unwrap().window, 4);
    assert_eq!(answer.default_config["enabled"], false);
    assert_eq!(answer.config_schema["type"], "object");
    assert_eq!(answer.limits.max_inbound_in_flight, 64);
}

#[tokio::test]
async fn without_a_common_version_the_plugin_says_so_and_exits_76() {
    let (host, session) = plugin();
    let error = refusal(host.request(&hello(&[3, 2])).await);
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        error.message,
        "this plugin speaks version 1 of the plugin protocol, the gateway version 3, 2"
    );
    assert_eq!(error.data.unwrap().hint.as_deref(), Some("install a newer version of the plugin"));
    assert_eq!(session.await.unwrap(), 76);
}

#[tokio::test]
async fn calls_out_of_order_are_refused() {
    let (host, _session) = plugin();
    assert_eq!(refusal(host.request(&start()).await).kind(), ErrorKind::Invalid);
    host.request(&hello(&[1])).await.unwrap();
    let error = refusal(host.request(&crate::support::text("d", "a")).await);
    assert_eq!(error.kind(), ErrorKind::NotReady);
    host.request(&start()).await.unwrap();
    assert_eq!(refusal(host.request(&start()).await).kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn end_of_input_ends_the_plugin_in_order() {
    let (host, session) = plugin();
    host.request(&hello(&[1])).await.unwrap();
    host.request(&start()).await.unwrap();
    host.close();
    assert_eq!(session.await.unwrap(), 0);
}

#[tokio::test]
async fn a_cancelled_delivery_is_answered_cancelled_and_may_be_repeated() {
    let (probe, test) = Probe::start().await;
    let host = test.link();
    let waiting = tokio::spawn({
        let host = host.clone();
        async move { host.request(&crate::support::text("d1", "wait")).await }
    });
    probe.waiting(1).await;
    let in_flight = host.request(&Ping {}).await.unwrap();
    assert_eq!(in_flight, PingAnswer { inbound_in_flight: 0, deliveries_in_flight: 1 });
    // Requests of the harness: initialize, channel/start, then the delivery.
    host.notify(&nanobot_protocol::Cancel { id: 3 }).await.unwrap();
    assert_eq!(refusal(waiting.await.unwrap()).kind(), ErrorKind::Cancelled);
    let again = MessageSend { text: "again".into(), ..crate::support::text("d1", "") };
    host.request(&again).await.unwrap();
    assert_eq!(probe.sent(), ["room: again"]);
}

#[tokio::test]
async fn a_repeat_outlives_the_cancelled_first_request() {
    let (probe, test) = Probe::start().await;
    let host = test.link();
    let deliver = || {
        let host = host.clone();
        tokio::spawn(async move { host.request(&crate::support::text("d1", "wait")).await })
    };
    let first = deliver();
    probe.waiting(1).await;
    let second = deliver();
    tokio::task::yield_now().await;
    host.notify(&nanobot_protocol::Cancel { id: 3 }).await.unwrap();
    assert_eq!(refusal(first.await.unwrap()).kind(), ErrorKind::Cancelled);
    probe.open_gate();
    assert_eq!(second.await.unwrap().unwrap().platform_ids, ["1"]);
}
