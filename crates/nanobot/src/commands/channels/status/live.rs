//! The channels as the running gateway sees them.

use anstyle::Style;
use nanobot_gateway::Reloaded;
use nanobot_gateway::control::GatewayReport;
use nanobot_gateway::status::{ChannelReport, State};
use nanobot_ledger::now_ms;
use serde::Serialize;

use super::details;
use super::grid::{self, Column};
use crate::duration::since;
use crate::output::{self, BAD, CAUTION, GOOD};

#[derive(Serialize)]
pub(super) struct Answer<'a> {
    running: bool,
    #[serde(flatten)]
    report: Option<&'a GatewayReport>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(report: Option<&'a GatewayReport>) -> Self {
        Self { running: report.is_some(), report }
    }
}

pub(super) fn print(
    report: &GatewayReport,
    is_json: bool,
    width: Option<usize>,
) -> anyhow::Result<()> {
    if is_json {
        return Ok(output::json(&Answer::new(Some(report)))?);
    }
    tell_reload(&report.reload);
    if report.channels.is_empty() {
        output::note("The gateway is running without a channel.");
        return Ok(());
    }
    Ok(lines(report, width).into_iter().try_for_each(output::line)?)
}

/// Says on stderr what of the config file does not hold.
pub(in crate::commands) fn tell_reload(reload: &Reloaded) {
    if let Some(problem) = &reload.problem {
        output::warning(format_args!(
            "the config is not taken, and the one before holds: {problem}"
        ));
    }
    for key in &reload.needs_restart {
        output::warning(format_args!("{key} takes effect after a restart of the gateway"));
    }
}

/// The table, and below it what is wrong; no line longer than `width` where one is given.
pub(super) fn lines(report: &GatewayReport, width: Option<usize>) -> Vec<String> {
    let now = now_ms();
    let mut lines = grid::lines(columns(report, now), width);
    for (name, channel) in &report.channels {
        lines.extend(details::lines(name, channel, now, width));
    }
    lines
}

fn columns(report: &GatewayReport, now: u64) -> Vec<Column> {
    let ago = |time: Option<u64>| time.map_or_else(|| "-".to_owned(), |time| since(time, now));
    let mut columns = [
        ("Channel", None),
        ("State", None),
        ("Runs in", Some(7)),
        ("Since", Some(6)),
        ("Received", Some(3)),
        ("Delivered", Some(2)),
        ("Queue", Some(5)),
        ("Restarts", Some(4)),
        ("Account", Some(1)),
        ("Message", None),
    ]
    .map(|(header, weight)| Column::new(header, weight));
    for (name, channel) in &report.channels {
        let [
            names,
            states,
            places,
            sinces,
            received,
            delivered,
            queues,
            restarts,
            accounts,
            messages,
        ] = &mut columns;
        names.add(name);
        states.add_styled(word(channel.state), style(channel.state));
        places.add(if channel.has_process { "own process" } else { "gateway" });
        sinces.add(since(channel.since_ms, now));
        received.add(ago(channel.last_event_ms));
        delivered.add(ago(channel.last_delivery_ms));
        queues.add(queue(channel));
        restarts.add(channel.restarts.to_string());
        accounts.add(channel.account.as_deref().unwrap_or("-"));
        messages.add(remark(channel));
    }
    columns.into()
}

/// Deliveries, and what else waits in the lanes.
fn queue(channel: &ChannelReport) -> String {
    match (channel.queue.deliveries, channel.queue.others) {
        (deliveries, 0) => deliveries.to_string(),
        (deliveries, others) => format!("{deliveries}+{others}"),
    }
}

/// What the channel says, and while it is not well, why it last ended.
pub(in crate::commands) fn remark(channel: &ChannelReport) -> String {
    let is_well = matches!(channel.state, State::Connected | State::Connecting);
    let reason = channel.reason().filter(|_| !is_well);
    let trusted = "decides itself who may write (trustPlugin)".to_owned();
    let trusted = channel.decides_access.then_some(trusted);
    let said = [reason, channel.message.clone(), channel.note.clone(), trusted];
    said.into_iter().flatten().collect::<Vec<_>>().join("; ").replace('\n', " ")
}

pub(in crate::commands) fn word(state: State) -> &'static str {
    match state {
        State::Connecting => "connecting",
        State::Connected => "connected",
        State::Retrying => "retrying",
        State::LoginRequired => "login required",
        State::Failing => "failing",
        State::Stopped => "stopped",
    }
}

fn style(state: State) -> Style {
    match state {
        State::Connected => GOOD,
        State::Connecting | State::Retrying | State::Stopped => CAUTION,
        State::LoginRequired | State::Failing => BAD,
    }
}
