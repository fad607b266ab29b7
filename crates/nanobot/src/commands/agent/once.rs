//! One question, one answer.

use std::io::{self, IsTerminal};

use nanobot_agent::{Ending, TurnEvents};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::conversation::Conversation;
use super::speech::{Speech, Style};
use crate::exit::Outcome;
use crate::output::{self, FAINT, styled};

pub(super) fn ask(
    runtime: &Runtime,
    conversation: &mut Conversation<'_>,
    text: &str,
    style: Style,
) -> anyhow::Result<Outcome> {
    // A program that reads the answer must not take the notice about a failure for one, so it gets
    // nothing before the end is known.
    if io::stdout().is_terminal() {
        runtime.block_on(say(conversation, text, style))
    } else {
        runtime.block_on(say_at_once(conversation, text))
    }
}

/// Prints an answer as it comes.
pub(super) async fn say(
    conversation: &mut Conversation<'_>,
    text: &str,
    style: Style,
) -> anyhow::Result<Outcome> {
    let cancel = CancellationToken::new();
    let speech = Speech::new(style, cancel.clone());
    let ending = {
        let answer = conversation.say_until_ctrl_c(text, &speech, cancel);
        tokio::select! {
            outcome = answer => outcome.ending,
            never = speech.show_life() => match never {},
        }
    };
    speech.finish()?;
    if ending == Ending::Interrupted {
        output::note(styled("(stopped)", FAINT));
    }
    Ok(outcome(ending))
}

async fn say_at_once(conversation: &mut Conversation<'_>, text: &str) -> anyhow::Result<Outcome> {
    let turn = conversation.say_until_ctrl_c(text, &Silence, CancellationToken::new()).await;
    match turn.ending {
        Ending::Failed => output::error(&turn.reply),
        Ending::Complete | Ending::Interrupted => output::line(&turn.reply)?,
    }
    Ok(outcome(turn.ending))
}

fn outcome(ending: Ending) -> Outcome {
    match ending {
        Ending::Complete => Outcome::Success,
        Ending::Failed => Outcome::Failure,
        Ending::Interrupted => Outcome::Interrupted,
    }
}

/// Hears nothing of the answer before its end.
struct Silence;

impl TurnEvents for Silence {
    fn text(&self, _: &str) {}

    fn progress(&self, text: &str) {
        output::note(text);
    }
}
