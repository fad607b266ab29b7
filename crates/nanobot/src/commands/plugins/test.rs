use anyhow::Context;
use nanobot_plugin_host::PluginCommand;
use nanobot_plugin_test::{Report, Subject, Verdict, check};
use serde_json::{Map, Value};

use super::describe::{is_path, name_of};
use crate::catalog::{Catalog, Provider};
use crate::channels::isolated;
use crate::cli::PluginsTestArgs;
use crate::commands::channels::unknown_channel;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::table::Table;
use crate::{logging, output, runtime};

pub(crate) fn run(args: PluginsTestArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let section: Map<String, Value> = serde_json::from_str(&args.section).map_err(|error| {
        Failure::new(format!("--section is no JSON object: {error}"))
            .with_hint("write it like `--section '{\"port\": 0}'`")
    })?;
    let subject = subject(command(&instance, &args.plugin)?);
    let subject = subject.with_section(section.into()).with_chat(args.chat);
    runtime::interruptible(async {
        let report = check(&subject).await;
        if args.json {
            output::json(&report)?;
        } else {
            print(&report)?;
        }
        Ok(if report.is_conforming() { Outcome::Success } else { Outcome::Failure })
    })
}

fn command(instance: &Instance, typed: &str) -> anyhow::Result<PluginCommand> {
    if is_path(typed) {
        return Ok(PluginCommand::executable(name_of(typed), typed));
    }
    let catalog = Catalog::find(instance);
    match catalog.get(typed).map(|entry| &entry.provider) {
        Some(Provider::Plugin(plugin)) => Ok(plugin.command()),
        Some(Provider::BuiltIn(built_in) | Provider::Isolated(built_in, _)) => {
            if built_in.serve.is_none() {
                let reason = isolated::INSIDE_ONLY;
                let message = format!("{typed} cannot be tested as a plugin: {reason}");
                return Err(Failure::new(message).into());
            }
            isolated::command(built_in.name).context("cannot find this program")
        }
        None => Err(unknown_channel(&catalog, typed).into()),
    }
}

fn subject(command: PluginCommand) -> Subject {
    let subject = Subject::new(command.name, command.program);
    let subject = command.args.into_iter().fold(subject, Subject::with_arg);
    command.env.into_iter().fold(subject, |subject, (name, value)| subject.with_env(name, value))
}

fn print(report: &Report) -> anyhow::Result<()> {
    let mut table = Table::new(["Result", "Rule", "Reason"]);
    for finding in &report.findings {
        let (word, reason) = match &finding.verdict {
            Verdict::Passed => ("passed", String::new()),
            Verdict::Skipped(reason) => ("skipped", reason.clone()),
            Verdict::Failed(reason) => ("FAILED", format!("{reason} (see {})", finding.section)),
        };
        table.add([word.to_owned(), finding.rule.to_owned(), reason]);
    }
    for line in table.lines() {
        output::line(line)?;
    }
    Ok(())
}
