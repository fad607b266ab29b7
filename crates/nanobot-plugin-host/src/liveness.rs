use nanobot_plugin_link::{LinkError, Peer};
use nanobot_protocol::Ping;
use tokio::time::{Instant, sleep, sleep_until};

use crate::Timeouts;
use crate::heard::Heard;

/// Returns when a silent plugin has left two pings in a row without any sign of life.
pub(crate) async fn unresponsive(peer: Peer, heard: Heard, timeouts: Timeouts) {
    loop {
        silence(&heard, &timeouts).await;
        if is_alive(&peer, &heard, &timeouts).await {
            continue;
        }
        tracing::warn!("The plugin did not answer a ping.");
        sleep(timeouts.quiet).await;
        if !is_alive(&peer, &heard, &timeouts).await {
            return;
        }
    }
}

async fn silence(heard: &Heard, timeouts: &Timeouts) {
    loop {
        let silent_at = heard.last() + timeouts.quiet;
        if silent_at <= Instant::now() {
            return;
        }
        sleep_until(silent_at).await;
    }
}

/// An answer of any shape is a sign of life, and so is anything that arrives meanwhile.
async fn is_alive(peer: &Peer, heard: &Heard, timeouts: &Timeouts) -> bool {
    let before = heard.last();
    match peer.request_within(&Ping {}, timeouts.ping).await {
        Err(LinkError::Timeout { .. }) => heard.last() > before,
        Err(LinkError::Closed) => std::future::pending().await,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::heard::Hearing;

    #[tokio::test(start_paused = true)]
    async fn two_pings_without_a_sign_of_life_end_the_wait_and_noise_is_a_sign() {
        let (near, mut far) = tokio::io::duplex(4096);
        let (read, write) = tokio::io::split(near);
        let heard = Heard::now();
        let hearing = Hearing { read, heard: heard.clone() };
        let (peer, reader, writer) = nanobot_plugin_link::link(hearing, write);
        tokio::spawn(writer.run());
        tokio::spawn(reader.run(|_: nanobot_protocol::PluginMessage| {}));
        let begin = Instant::now();
        let waiting = tokio::spawn(unresponsive(peer, heard, Timeouts::default()));

        far.read_u8().await.unwrap();
        assert_eq!(begin.elapsed().as_secs(), 30, "the first ping");
        far.write_all(b"still here\n").await.unwrap();
        waiting.await.unwrap();
        let expected = Duration::from_secs(30 + 30 + 10 + 30 + 10);
        assert_eq!(begin.elapsed().as_secs(), expected.as_secs());
    }
}
