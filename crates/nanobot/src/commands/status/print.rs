use std::path::Path;
use std::time::Duration;

use nanobot_gateway::control::GatewayReport;
use nanobot_ledger::{UsageTotal, now_ms};

use super::report::{ConfigState, LocalModels, Model, Report};
use crate::commands::channels::status::tell_reload;
use crate::duration::since;
use crate::output::{self, BAD, CAUTION, GOOD, OutputError, STRONG, styled};

/// Names of models that are listed of one server.
const MODELS_SHOWN: usize = 8;

pub(super) fn print(report: &Report) -> anyhow::Result<()> {
    output::line(format_args!("🐈 nanobot v{}\n", report.version))?;
    config(&report.config)?;
    if let Some(workspace) = &report.workspace {
        fact("Workspace", format_args!("{} {}", workspace.path.display(), mark(workspace.exists)))?;
    }
    if let Some(known) = &report.model {
        model(known)?;
        keys(report)?;
    }
    gateway(report.gateway.as_ref())?;
    if let Some(usage) = &report.usage {
        used("Today", &usage.today)?;
        used("7 days", &usage.seven_days)?;
    }
    for server in &report.local_models {
        local_models(server, &report.config.path)?;
    }
    Ok(())
}

fn fact(label: &str, value: impl std::fmt::Display) -> Result<(), OutputError> {
    output::line(format_args!("{label:11}{value}"))
}

fn mark(is_good: bool) -> String {
    if is_good { styled("✓", GOOD).to_string() } else { styled("✗", BAD).to_string() }
}

fn config(state: &ConfigState) -> anyhow::Result<()> {
    let path = state.path.display();
    let state_of_file = match (&state.error, state.exists, state.warnings) {
        (Some(_), _, _) => mark(false),
        (None, false, _) => "(does not exist; the defaults apply)".to_owned(),
        (None, true, 0) => mark(true),
        (None, true, count) => {
            format!("{} ({count} warnings; see `nanobot config validate`)", mark(true))
        }
    };
    fact("Config", format_args!("{path} {state_of_file}"))?;
    state.error.iter().for_each(|error| output::error(error));
    state.hint.iter().for_each(output::hint);
    Ok(())
}

fn model(model: &Model) -> anyhow::Result<()> {
    if model.offline {
        let text = format!("{} (built in; it only repeats what you write)", model.name);
        fact("Model", styled(text, CAUTION))?;
    } else {
        fact("Model", format_args!("{} ({})", model.name, model.provider))?;
    }
    model.hint.iter().for_each(output::hint);
    Ok(())
}

fn keys(report: &Report) -> anyhow::Result<()> {
    let with_key: Vec<&str> = report
        .provider_keys
        .iter()
        .filter(|(_, has_key)| **has_key)
        .map(|(name, _)| name.as_str())
        .collect();
    let names = if with_key.is_empty() { "none".to_owned() } else { with_key.join(", ") };
    let others = report.provider_keys.len() - with_key.len();
    Ok(fact("API keys", format_args!("{names} (not set for {others} other providers)"))?)
}

fn gateway(report: Option<&GatewayReport>) -> anyhow::Result<()> {
    let Some(report) = report else {
        return Ok(fact("Gateway", "not running")?);
    };
    let time = since(report.started_ms, now_ms());
    let text = format!("running at {} for {time} (process {})", report.address, report.pid);
    fact("Gateway", styled(text, GOOD))?;
    tell_reload(&report.reload);
    Ok(())
}

fn used(label: &str, total: &UsageTotal) -> anyhow::Result<()> {
    if total.turns == 0 {
        return Ok(fact(label, "no answers")?);
    }
    let UsageTotal { turns, input_tokens, cached_tokens, output_tokens, took_ms } = total;
    let average = Duration::from_millis(took_ms / turns).as_secs_f64();
    let text = format!(
        "{turns} answers, {input_tokens} tokens in ({cached_tokens} cached), {output_tokens} out, \
         {average:.1} s on average"
    );
    Ok(fact(label, text)?)
}

fn local_models(server: &LocalModels, config: &Path) -> anyhow::Result<()> {
    let shown: Vec<&str> = server.models.iter().take(MODELS_SHOWN).map(String::as_str).collect();
    let more = server.models.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    output::line(format_args!(
        "\n{} is running at {} with {}{more}.",
        styled(server.server, STRONG),
        server.api_base,
        if shown.is_empty() { "no model".to_owned() } else { shown.join(", ") },
    ))?;
    if let Some(part) = &server.config {
        output::line(format_args!("To use it, put this into {}:", config.display()))?;
        output::json(part)?;
    }
    Ok(())
}
