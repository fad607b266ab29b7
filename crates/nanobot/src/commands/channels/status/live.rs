//! The channels as the running gateway sees them.

use nanobot_gateway::control::GatewayReport;
use nanobot_gateway::status::{ChannelReport, State};
use nanobot_ledger::now_ms;
use serde::Serialize;

use crate::duration::since;
use crate::output;
use crate::table::Table;

#[derive(Serialize)]
struct Answer<'a> {
    running: bool,
    #[serde(flatten)]
    report: &'a GatewayReport,
}

pub(super) fn print(report: &GatewayReport, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        let answer = Answer { running: true, report };
        return Ok(output::json(&answer)?);
    }
    if report.channels.is_empty() {
        output::note("The gateway is running without a channel.");
        return Ok(());
    }
    let now = now_ms();
    let mut table = Table::new([
        "Channel",
        "State",
        "Runs in",
        "Since",
        "Received",
        "Delivered",
        "Restarts",
        "Account",
        "Message",
    ]);
    for (name, channel) in &report.channels {
        table.add(row(name, channel, now));
    }
    for line in table.lines() {
        output::line(line)?;
    }
    Ok(())
}

fn row(name: &str, channel: &ChannelReport, now: u64) -> [String; 9] {
    let ago = |time: Option<u64>| time.map_or_else(|| "-".to_owned(), |time| since(time, now));
    [
        name.to_owned(),
        word(channel.state).to_owned(),
        if channel.has_process { "own process" } else { "gateway" }.to_owned(),
        since(channel.since_ms, now),
        ago(channel.last_event_ms),
        ago(channel.last_delivery_ms),
        channel.restarts.to_string(),
        channel.account.clone().unwrap_or_else(|| "-".to_owned()),
        remark(channel),
    ]
}

/// What the channel says, and while it is not well, why it last ended.
fn remark(channel: &ChannelReport) -> String {
    let is_well = matches!(channel.state, State::Connected | State::Connecting);
    let error = channel.last_error.as_deref().filter(|_| !is_well);
    let parts: Vec<&str> = error.into_iter().chain(channel.message.as_deref()).collect();
    parts.join("; ").replace('\n', " ")
}

fn word(state: State) -> &'static str {
    match state {
        State::Connecting => "connecting",
        State::Connected => "connected",
        State::Retrying => "retrying",
        State::LoginRequired => "login required",
        State::Failing => "failing",
        State::Stopped => "stopped",
    }
}
