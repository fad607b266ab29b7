use nanobot_ledger::SessionInfo;
use serde::Serialize;
use serde_json::Value;

use super::{LISTING, path};
use crate::cli::SessionsShowArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::ledger_desk::LedgerDesk;
use crate::output::{FAINT, OutputError, STRONG, harmless, styled};
use crate::{logging, output, runtime, time_of_day};

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    info: SessionInfo,
    /// The newest entries, oldest of them first.
    history: Vec<Value>,
}

pub(crate) fn run(args: SessionsShowArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let desk = LedgerDesk::new(&instance, LISTING);
    runtime::interruptible(async {
        let info: SessionInfo = desk.get(&path(&args.key)).await?;
        let from = info.entries.saturating_sub(args.limit.into());
        let piece = format!("{}/history?from={from}&limit={}", path(&args.key), args.limit);
        let entries: Vec<String> = desk.get(&piece).await?;
        let history = entries.iter().map(|entry| parsed(entry)).collect();
        let answer = Answer { info, history };
        if args.json {
            output::json(&answer)?;
        } else {
            print(&answer)?;
        }
        Ok(Outcome::Success)
    })
}

fn parsed(entry: &str) -> Value {
    serde_json::from_str(entry).unwrap_or_else(|_| entry.into())
}

fn print(Answer { info, history }: &Answer) -> Result<(), OutputError> {
    output::line(format_args!("Session   {}", harmless(&info.key)))?;
    output::line(format_args!("Entries   {}", info.entries))?;
    output::line(format_args!("Begun     {}", time_of_day::local(info.created_ms)))?;
    output::line(format_args!("Used      {}", time_of_day::local(info.used_ms)))?;
    let shown = history.len() as u64;
    if shown > 0 && shown < info.entries {
        let older = info.entries - shown;
        output::line(styled(format_args!("\n… {older} older entries"), FAINT))?;
    }
    history.iter().try_for_each(|entry| {
        let role = entry["role"].as_str().unwrap_or("?");
        output::line(format_args!("\n{}\n{}", styled(role, STRONG), said(entry)))
    })
}

/// The text of an entry, or the entry as it is if it has none.
fn said(entry: &Value) -> String {
    let text = entry["content"].as_str().filter(|text| !text.is_empty());
    text.map_or_else(|| entry.to_string(), harmless)
}
