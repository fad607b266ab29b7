use nanobot_gateway::control::SESSIONS_PATH;
use nanobot_ledger::{SessionInfo, now_ms};

use super::LISTING;
use crate::cli::SessionsListArgs;
use crate::duration::since;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::ledger_desk::{LedgerDesk, escaped};
use crate::output::OutputError;
use crate::table::Table;
use crate::{logging, output, runtime};

pub(crate) fn run(args: SessionsListArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, LISTING);
    runtime::interruptible(async {
        let sessions = all(&desk).await?;
        if args.json {
            output::json(&sessions)?;
        } else {
            print(&sessions)?;
        }
        Ok(Outcome::Success)
    })
}

async fn all(desk: &LedgerDesk<'_>) -> anyhow::Result<Vec<SessionInfo>> {
    let mut sessions: Vec<SessionInfo> = Vec::new();
    loop {
        let after = sessions.last().map(|last| format!("?after={}", escaped(&last.key)));
        let path = format!("{SESSIONS_PATH}{}", after.unwrap_or_default());
        let page: Vec<SessionInfo> = desk.get(&path).await?;
        if page.is_empty() {
            return Ok(sessions);
        }
        sessions.extend(page);
    }
}

fn print(sessions: &[SessionInfo]) -> Result<(), OutputError> {
    if sessions.is_empty() {
        output::note("There are no sessions yet.");
        return Ok(());
    }
    let now = now_ms();
    let mut table = Table::new(["Session", "Entries", "Begun", "Used"]);
    for session in sessions {
        table.add([
            session.key.clone(),
            session.entries.to_string(),
            format!("{} ago", since(session.created_ms, now)),
            format!("{} ago", since(session.used_ms, now)),
        ]);
    }
    table.lines().into_iter().try_for_each(output::line)
}
