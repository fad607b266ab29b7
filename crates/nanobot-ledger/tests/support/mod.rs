//! Values and engines for the tests.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::allow_attributes, reason = "what is unused differs between the binaries")]

use std::path::{Path, PathBuf};

use nanobot_channel::{InboundMessage, OutboundKind, OutboundMessage};
use nanobot_ledger::{
    InboundEntry, Ledger, OutboundEntry, SqliteLedger, SqliteOptions, TurnCommit, new_id,
};

pub(crate) fn inbound(session: &str, text: &str) -> InboundEntry {
    InboundEntry {
        id: new_id(),
        channel: "webhook".into(),
        session: session.into(),
        received_ms: 1,
        message: InboundMessage::new("ada", session, text),
    }
}

pub(crate) fn event(channel: &str, event_id: &str) -> InboundEntry {
    InboundEntry {
        channel: channel.into(),
        message: InboundMessage::new("ada", "a", "hi").with_event_id(event_id),
        ..inbound("a", "hi")
    }
}

pub(crate) fn outbound(delivery_id: &str) -> OutboundEntry {
    let message = OutboundMessage {
        delivery_id: delivery_id.into(),
        chat_id: "ada".into(),
        thread_id: None,
        text: "Hello!".into(),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: serde_json::Map::new(),
    };
    OutboundEntry { channel: "webhook".into(), message }
}

/// The result of a turn that no message began.
pub(crate) fn unasked(session: &str, history: &[&str], delivery_ids: &[&str]) -> TurnCommit {
    TurnCommit {
        inbound_id: String::new(),
        joined: Vec::new(),
        session: session.into(),
        history: history.iter().map(ToString::to_string).collect(),
        outbound: delivery_ids.iter().map(|id| outbound(id)).collect(),
        usage: None,
    }
}

pub(crate) fn answer(to: &InboundEntry, delivery_ids: &[&str]) -> TurnCommit {
    TurnCommit { inbound_id: to.id.clone(), ..unasked(&to.session, &["{}"], delivery_ids) }
}

pub(crate) async fn claimed_text(ledger: &dyn Ledger, session: &str) -> Option<String> {
    let claim = ledger.claim(session).await.expect("claim");
    claim.map(|claim| claim.inbound.message.text)
}

/// Ids of the waiting deliveries, and whether their outcome is unknown.
pub(crate) async fn waiting(ledger: &dyn Ledger) -> Vec<(String, bool)> {
    let waiting = ledger.waiting_deliveries().await.expect("waiting");
    waiting.into_iter().map(|it| (it.entry.message.delivery_id, it.is_unknown)).collect()
}

pub(crate) async fn open(path: &Path) -> SqliteLedger {
    SqliteLedger::open(SqliteOptions::new(path)).await.expect("the ledger opens")
}

/// What a disk would hold if the process were killed now.
pub(crate) fn crash_copy(path: &Path) -> PathBuf {
    let copy = path.with_extension("crashed");
    for suffix in ["", "-wal"] {
        let (from, to) = (with_suffix(path, suffix), with_suffix(&copy, suffix));
        if from.exists() {
            std::fs::copy(from, to).expect("the file can be copied");
        }
    }
    copy
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
