//! The channels again and again: drawn anew each second on a terminal, else a line for each change.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::Context;
use nanobot_gateway::control::GatewayReport;
use nanobot_gateway::status::State;
use nanobot_ledger::now_ms;

use super::live::{self, Answer};
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::output::{self, FAINT, OutputError, styled};
use crate::{control, runtime, terminal, time_of_day};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Where the looks are shown.
enum View {
    Screen(terminal::Screen),
    Changes(BTreeMap<String, State>, Option<bool>),
    Json,
}

pub(super) fn run(instance: &Instance, is_json: bool) -> anyhow::Result<Outcome> {
    let mut view = match terminal::Screen::open().filter(|_| !is_json) {
        Some(screen) => View::Screen(screen),
        None if is_json => View::Json,
        None => View::Changes(BTreeMap::new(), None),
    };
    runtime::single_threaded()?.block_on(async {
        tokio::select! {
            ended = watch(instance, &mut view) => ended,
            // Ctrl-C is how a watch ends.
            pressed = tokio::signal::ctrl_c() => pressed.context("cannot listen for Ctrl-C"),
        }
    })?;
    Ok(Outcome::Success)
}

async fn watch(instance: &Instance, view: &mut View) -> anyhow::Result<()> {
    let socket = instance.paths.control_socket();
    let mut looks = tokio::time::interval(PAUSE);
    loop {
        looks.tick().await;
        let report = control::report(&socket).await?;
        show(view, report.as_ref())?;
    }
}

fn show(view: &mut View, report: Option<&GatewayReport>) -> anyhow::Result<()> {
    match view {
        View::Screen(screen) => {
            screen.draw(&picture(report)).map_err(OutputError::from)?;
        }
        View::Json => {
            let line = serde_json::to_string(&Answer::new(report))?;
            output::line(line)?;
            io::stdout().flush().map_err(OutputError::from)?;
        }
        View::Changes(states, was_running) => changes(states, was_running, report)?,
    }
    Ok(())
}

fn picture(report: Option<&GatewayReport>) -> Vec<String> {
    let width = terminal::width();
    let mut lines = match report {
        Some(report) => {
            let head = format!(
                "nanobot v{} at {}, model {}",
                report.version, report.address, report.model
            );
            let head = width.map_or(head.clone(), |width| super::grid::cut(&head, width));
            let mut lines = vec![head, String::new()];
            lines.extend(live::lines(report, width));
            lines
        }
        None => vec!["No gateway is running.".to_owned()],
    };
    lines.extend([String::new(), styled("Ctrl-C ends.", FAINT).to_string()]);
    lines
}

/// Prints what has changed since the last look.
fn changes(
    states: &mut BTreeMap<String, State>,
    was_running: &mut Option<bool>,
    report: Option<&GatewayReport>,
) -> Result<(), OutputError> {
    if *was_running != Some(report.is_some()) {
        *was_running = Some(report.is_some());
        let word = if report.is_some() { "running" } else { "not running" };
        output::line(format_args!("{}  gateway  {word}", time_of_day::local(now_ms())))?;
    }
    let channels = report.map(|report| &report.channels);
    states.retain(|name, _| channels.is_some_and(|it| it.contains_key(name)));
    for (name, channel) in channels.into_iter().flatten() {
        if states.insert(name.clone(), channel.state) != Some(channel.state) {
            let time = time_of_day::local(channel.since_ms);
            let (name, state) = (output::harmless(name), live::word(channel.state));
            let remark = output::harmless(&live::remark(channel)).replace('\n', " ");
            output::line(format!("{time}  {name}  {state}  {remark}").trim_end())?;
        }
    }
    io::stdout().flush().map_err(OutputError::from)
}
