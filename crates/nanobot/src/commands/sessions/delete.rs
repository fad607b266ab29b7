use std::io::{self, BufRead, IsTerminal};

use anyhow::Context;
use nanobot_ledger::SessionInfo;

use super::{LISTING, path};
use crate::cli::SessionsDeleteArgs;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::ledger_desk::LedgerDesk;
use crate::output::{self, done};
use crate::{logging, runtime};

pub(crate) fn run(args: SessionsDeleteArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, LISTING);
    runtime::interruptible(async {
        let session: SessionInfo = desk.get(&path(&args.key)).await?;
        if !args.yes && !is_wanted(&session)? {
            output::note("Nothing was deleted.");
            return Ok(Outcome::Failure);
        }
        desk.delete(&path(&args.key)).await?;
        let count = session.entries;
        output::line(done(format_args!("Deleted {} with {count} entries", session.key)))?;
        Ok(Outcome::Success)
    })
}

fn is_wanted(session: &SessionInfo) -> anyhow::Result<bool> {
    let what = format!("the session {} with {} entries", session.key, session.entries);
    if !io::stdin().is_terminal() {
        let failure = Failure::new(format!("not deleting {what}: nobody can be asked"));
        return Err(failure.with_hint("to delete it without a question, add `--yes`").into());
    }
    output::prompt(format_args!("Delete {what}? [y/N]: "));
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the answer")?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
