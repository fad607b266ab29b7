//! Whether each enabled channel can run, and whom it lets write.

use futures_util::future::join_all;
use nanobot_config::{ChannelSection, Config};
use nanobot_gateway::ChannelSpec;
use nanobot_gateway::control::GatewayReport;
use nanobot_gateway::status::{ChannelReport, State};

use super::finding::{Finding, Level};
use super::section::mismatches;
use crate::catalog::{Catalog, Entry};
use crate::channels::chat_page::ChatPage;
use crate::commands::channels::status::{remark, word};
use crate::commands::gateway::selection::{self, Access};
use crate::instance::Instance;
use crate::section::in_effect;

pub(super) async fn check(
    instance: &Instance,
    config: &Config,
    catalog: &Catalog,
    gateway: Option<&GatewayReport>,
) -> Vec<Finding> {
    let mut findings = chat_page(config, gateway);
    let enabled = selection::enabled_sections(config);
    let checks = enabled.iter().map(async |(name, section)| match catalog.get(name) {
        Some(entry) => Channel { instance, config, catalog, entry, section }.check(gateway).await,
        None => vec![Finding::from(&selection::missing(catalog, name))],
    });
    // At once, as the gateway starts them: each plugin may take its time to say what it is.
    findings.extend(join_all(checks).await.into_iter().flatten());
    if findings.is_empty() {
        let hint = format!("`{}` shows which there are", instance.command("plugins list"));
        findings.push(Finding::warning("no channel is enabled").with_hint(hint));
    }
    findings.extend(catalog.left_out().map(Finding::warning));
    findings
}

fn chat_page(config: &Config, gateway: Option<&GatewayReport>) -> Vec<Finding> {
    let name = crate::channels::chat_page::NAME;
    match ChatPage::of(config) {
        ChatPage::Off => Vec::new(),
        ChatPage::On => vec![state(name, "the chat page", gateway)],
        ChatPage::TooOpen => vec![Finding::from(&selection::objection(config)).at(Level::Warning)],
        ChatPage::Refused => vec![Finding::from(&selection::objection(config))],
    }
}

/// A channel that the config wants to run.
struct Channel<'a> {
    instance: &'a Instance,
    config: &'a Config,
    catalog: &'a Catalog,
    entry: &'a Entry,
    section: &'a ChannelSection,
}

impl Channel<'_> {
    async fn check(&self, gateway: Option<&GatewayReport>) -> Vec<Finding> {
        let name = &self.entry.name;
        let described = match self.catalog.describe(self.entry).await {
            Ok(described) => described,
            Err(error) => {
                let ask = self.instance.command(&format!("plugins describe {name}"));
                let finding = Finding::from(&error);
                let message =
                    format!("channels.{name}: the plugin cannot start: {}", finding.message);
                let hint = finding.hint.unwrap_or_else(|| format!("`{ask}` shows more"));
                return vec![Finding::problem(message).with_hint(hint)];
            }
        };
        let Self { instance, config, catalog, entry, section } = *self;
        let spec = selection::spec(instance, config, catalog, entry, section).await;
        let mut findings = vec![state(name, &described.display_name, gateway)];
        let section = in_effect(&described.default_config, &section.raw);
        let path = format!("channels.{name}");
        let wrong = mismatches(&path, &described.config_schema, &section);
        let mend = format!("change it in {}", instance.paths.config_file.display());
        findings.extend(wrong.into_iter().map(|it| Finding::problem(it).with_hint(&mend)));
        findings.extend(access(&spec));
        if described.capabilities.login && gateway.is_none() && is_empty(&spec) {
            let hint = self.instance.command(&format!("channels login {name}"));
            let message = format!("channels.{name}: nobody has logged in yet");
            findings.push(Finding::warning(message).with_hint(format!("run `{hint}`")));
        }
        findings
    }
}

/// Credentials are kept in the channel's own folder.
fn is_empty(spec: &ChannelSpec) -> bool {
    std::fs::read_dir(&spec.state_dir).map_or(true, |mut files| files.next().is_none())
}

fn access(spec: &ChannelSpec) -> Option<Finding> {
    selection::access(spec).map(|access| match access {
        Access::OwnRule(message) => Finding::ok(message),
        Access::Nobody(message) => Finding::warning(message),
    })
}

/// How the running gateway sees the channel.
fn state(name: &str, display_name: &str, gateway: Option<&GatewayReport>) -> Finding {
    let Some(gateway) = gateway else {
        return Finding::ok(format!("channels.{name}: {display_name} is ready to run"));
    };
    let Some(channel) = gateway.channels.get(name) else {
        let message = format!("channels.{name}: the running gateway does not have it");
        return Finding::problem(message).with_hint("look at its log, and start it again");
    };
    let message = format!("channels.{name}: {display_name} is {}", word(channel.state));
    with_remark(name, message, channel)
}

fn with_remark(name: &str, message: String, channel: &ChannelReport) -> Finding {
    let message = match remark(channel) {
        remark if remark.is_empty() => message,
        remark => format!("{message} ({remark})"),
    };
    let log = "the log of the gateway, and `nanobot channels status`, say more";
    match channel.state {
        State::Connected => Finding::ok(message),
        State::Connecting => Finding::warning(message).with_hint("look again in a moment"),
        State::Retrying => Finding::warning(message).with_hint(log),
        State::LoginRequired => Finding::problem(message)
            .with_hint(format!("run `nanobot channels login {name}`, or change its token")),
        State::Failing | State::Stopped => Finding::problem(message).with_hint(log),
    }
}
