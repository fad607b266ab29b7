//! The log: on stderr, for people or as JSON lines.

mod json;

use std::io;

use anyhow::Context;
use nanobot_config::Environment;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::failure::Failure;
use json::JsonLines;

/// What is logged, e.g. `debug` or `nanobot_gateway=debug,info`.
const FILTER: &str = "NANOBOT_LOG";
/// `json` for one JSON object per line.
const FORMAT: &str = "NANOBOT_LOG_FORMAT";

/// A library that logs whole messages, and addresses with the keys in them. The agent says in its own
/// words what becomes of MCP servers.
const TALKATIVE: &str = "rmcp";

/// Level for commands that say themselves what a person needs to know.
pub(crate) const QUIET: LevelFilter = LevelFilter::OFF;

/// Starts the log. The environment decides what is logged, or else `level`.
pub(crate) fn start(environment: &Environment, level: LevelFilter) -> anyhow::Result<()> {
    let filter = filter(environment, level)?;
    let with_targets = filter.would_enable("nanobot", &Level::DEBUG);
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = if is_json(environment) {
        let format = JsonLines { has_target: with_targets };
        lines.fmt_fields(JsonFields::new()).event_format(format).boxed()
    } else {
        let is_coloured =
            anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
        lines.with_ansi(is_coloured).with_target(with_targets).boxed()
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init()
        .context("cannot start the log")
}

fn filter(environment: &Environment, level: LevelFilter) -> anyhow::Result<Targets> {
    let filter = wanted_filter(environment, level)?;
    Ok(filter.with_target(TALKATIVE, LevelFilter::OFF))
}

/// What is to be logged, as far as a person may decide that.
fn wanted_filter(environment: &Environment, level: LevelFilter) -> anyhow::Result<Targets> {
    let Some(wanted) = environment.get(FILTER).filter(|wanted| !wanted.is_empty()) else {
        // The libraries' own details help nobody who only wants to know what nanobot does.
        let others = level.min(LevelFilter::INFO);
        return Ok(Targets::new().with_default(others).with_target("nanobot", level));
    };
    let parsed = wanted.parse::<Targets>();
    parsed.map_err(|error| {
        Failure::new(format!("{FILTER} is not a filter for the log: {error}"))
            .with_hint(format!(
                "set it like `{FILTER}=debug` or `{FILTER}=nanobot_gateway=debug,info`"
            ))
            .into()
    })
}

fn is_json(environment: &Environment) -> bool {
    environment.get(FORMAT).is_some_and(|format| format.eq_ignore_ascii_case("json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_logs_secrets_is_silent_whatever_is_wanted() {
        for wanted in ["", "trace", "rmcp=trace,info"] {
            let environment = Environment::from_pairs([(FILTER, wanted)]);
            let filter = filter(&environment, LevelFilter::TRACE).expect("a filter");
            assert!(!filter.would_enable("rmcp::transport::worker", &Level::ERROR), "{wanted}");
            assert!(filter.would_enable("nanobot_agent", &Level::ERROR), "{wanted}");
        }
    }
}
