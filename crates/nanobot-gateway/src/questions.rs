//! Questions of tools to the person whom a turn answers.

use async_trait::async_trait;
use nanobot_agent::{Approver, Permission};
use nanobot_channel::OutboundKind;
use nanobot_ledger::{InboundEntry, OutboundEntry, TurnCommit, new_id};
use tokio_util::sync::CancellationToken;

use crate::delivery::Delivery;
use crate::running::RunningTurns;
use crate::speaker::message_to;

/// Words that mean yes, and words that mean no.
const YES: [&str; 16] = [
    "yes",
    "y",
    "yep",
    "yeah",
    "yes please",
    "ok",
    "okay",
    "sure",
    "go",
    "go ahead",
    "run it",
    "do it",
    "approve",
    "allow",
    "👍",
    "✅",
];
const NO: [&str; 14] = [
    "no",
    "n",
    "nope",
    "no thanks",
    "don't",
    "do not",
    "deny",
    "refuse",
    "reject",
    "cancel",
    "never",
    "stop",
    "👎",
    "❌",
];

/// Reads an answer. Anything else is a message like any other.
pub(crate) fn answer_in(text: &str) -> Option<Permission> {
    let text = text.trim();
    // No answer is longer; long messages need no lower-case copy.
    if text.len() > 16 {
        return None;
    }
    let word = text.trim_end_matches(['.', '!']).to_lowercase();
    if YES.contains(&word.as_str()) {
        return Some(Permission::Granted);
    }
    NO.contains(&word.as_str()).then_some(Permission::Refused)
}

/// Asks for one turn.
pub(crate) struct Questions<'a> {
    pub(crate) delivery: &'a Delivery,
    pub(crate) running: &'a RunningTurns,
    pub(crate) inbound: &'a InboundEntry,
    /// No more answers are taken.
    pub(crate) closing: &'a CancellationToken,
    /// Ends the turn, which is given back and asks again after the restart.
    pub(crate) cut_off: &'a CancellationToken,
}

#[async_trait]
impl Approver for Questions<'_> {
    async fn ask(&self, question: &str) -> Permission {
        let message = &self.inbound.message;
        let session = &self.inbound.session;
        let pending = self.running.expect_answer(session, &message.sender.id);
        let notice = message_to(message, new_id(), question.to_owned(), OutboundKind::Notice);
        let turn = TurnCommit {
            session: session.clone(),
            outbound: vec![OutboundEntry {
                channel: self.inbound.channel.clone(),
                message: notice,
            }],
            ..TurnCommit::default()
        };
        if let Err(error) = self.delivery.post(turn).await {
            tracing::error!(%error, "Could not ask a person.");
            return Permission::Unanswered;
        }
        tokio::select! {
            permission = pending.answer() => permission,
            () = self.closing.cancelled() => {
                self.cut_off.cancel();
                std::future::pending().await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_that_is_nothing_but_an_answer_is_one() {
        for (text, expected) in [
            ("yes", Some(Permission::Granted)),
            (" OK! ", Some(Permission::Granted)),
            ("👍", Some(Permission::Granted)),
            ("No.", Some(Permission::Refused)),
            ("don't", Some(Permission::Refused)),
            ("yes, but in the other folder", None),
            ("know", None),
            ("", None),
            ("/stop", None),
        ] {
            assert_eq!(answer_in(text), expected, "{text:?}");
        }
    }
}
