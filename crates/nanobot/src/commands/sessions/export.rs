use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use nanobot_ledger::{SessionFile, SessionInfo};

use super::{LISTING, path};
use crate::cli::SessionsExportArgs;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::ledger_desk::LedgerDesk;
use crate::output::done;
use crate::{logging, output, runtime};

/// Entries that are asked for at once.
const PAGE: usize = 100;

pub(crate) fn run(args: SessionsExportArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, LISTING);
    runtime::interruptible(async {
        let file = read(&desk, &args.key).await?;
        match &args.output {
            Some(path) => write(path, &file)?,
            None => output::piece(file.to_jsonl())?,
        }
        Ok(Outcome::Success)
    })
}

async fn read(desk: &LedgerDesk<'_>, key: &str) -> anyhow::Result<SessionFile> {
    let info: SessionInfo = desk.get(&path(key)).await?;
    let mut entries: Vec<String> = Vec::new();
    loop {
        let piece = format!("{}/history?from={}&limit={PAGE}", path(key), entries.len());
        let page: Vec<String> = desk.get(&piece).await?;
        if page.is_empty() {
            return Ok(SessionFile::new(info, entries));
        }
        entries.extend(page);
    }
}

/// Says on stderr what was done: stdout is for the session.
fn write(path: &Path, file: &SessionFile) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut target = match OpenOptions::new().write(true).create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let failure = Failure::new(format!("{} exists already", path.display()));
            return Err(failure.with_hint("choose another name, or move it away first").into());
        }
        opened => opened.with_context(failed)?,
    };
    target.write_all(file.to_jsonl().as_bytes()).with_context(failed)?;
    let count = file.entries.len();
    output::note(done(format_args!("Wrote {count} entries to {}", path.display())));
    Ok(())
}
