//! A ledger with something in it.

use nanobot_channel::{InboundMessage, OutboundKind, OutboundMessage};
use nanobot_ledger::{
    FailedTry, InboundEntry, Ledger, LedgerError, OutboundEntry, Settlement, SqliteLedger,
    SqliteOptions, TurnCommit, TurnUsage,
};

use crate::home::Home;

/// Ids of what [`fill`] stores.
pub(crate) const ANSWERED: &str = "m-answered";
pub(crate) const UNANSWERED: &str = "m-waiting";
pub(crate) const DEAD: &str = "d-dead";
pub(crate) const HELD: &str = "d-held";
pub(crate) const SESSION: &str = "parrot:a/b c";

/// One answered message with a dead delivery, a held one that nobody asked for, and a message that
/// waits, all of a channel named `parrot`.
pub(crate) async fn fill(home: &Home) {
    let options = SqliteOptions::new(home.data_dir().join("ledger.sqlite"));
    let ledger = SqliteLedger::open(options).await.expect("a ledger can be made");
    write(&ledger).await.expect("the ledger can be written");
}

async fn write(ledger: &dyn Ledger) -> Result<(), LedgerError> {
    ledger.accept(inbound(ANSWERED, SESSION)).await?;
    ledger.claim(SESSION).await?;
    let history = [r#"{"role":"user","content":"hi"}"#, r#"{"role":"assistant","content":"ho"}"#];
    ledger
        .commit_turn(TurnCommit {
            inbound_id: ANSWERED.into(),
            joined: Vec::new(),
            session: SESSION.into(),
            history: history.map(str::to_owned).into(),
            outbound: vec![outbound(DEAD)],
            usage: Some(usage()),
        })
        .await?;
    ledger.begin_delivery(DEAD).await?;
    ledger.settle(DEAD, Settlement::Dead { reason: "no such chat".into() }).await?;
    ledger
        .commit_turn(TurnCommit {
            inbound_id: String::new(),
            joined: Vec::new(),
            session: "cron".into(),
            history: vec!["{}".into()],
            outbound: vec![outbound(HELD)],
            usage: None,
        })
        .await?;
    ledger.begin_delivery(HELD).await?;
    let failed = FailedTry { reason: "no answer".into(), is_unknown: true };
    ledger.fail_try(HELD, failed).await?;
    ledger.hold_delivery(HELD, "it may have arrived or not").await?;
    ledger.accept(inbound(UNANSWERED, "parrot:z")).await?;
    ledger.close().await
}

fn usage() -> TurnUsage {
    TurnUsage {
        channel: "parrot".into(),
        model: "big/model".into(),
        input_tokens: 1_200,
        cached_tokens: 1_000,
        output_tokens: 34,
        took_ms: 2_500,
    }
}

fn inbound(id: &str, session: &str) -> InboundEntry {
    InboundEntry {
        id: id.into(),
        channel: "parrot".into(),
        session: session.into(),
        received_ms: nanobot_ledger::now_ms(),
        message: InboundMessage::new("ada", "den", "hi"),
    }
}

fn outbound(id: &str) -> OutboundEntry {
    let message = OutboundMessage {
        delivery_id: id.into(),
        chat_id: "den".into(),
        thread_id: None,
        text: format!("text of {id}"),
        kind: OutboundKind::Final,
        attachments: Vec::new(),
        reply_to: None,
        attempt: 1,
        metadata: serde_json::Map::new(),
    };
    OutboundEntry { channel: "parrot".into(), message }
}
