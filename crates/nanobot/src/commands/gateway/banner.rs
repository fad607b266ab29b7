//! What the gateway says at its start.
//!
//! That nobody reads it is no reason to stop, so failures to print are left aside.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::Path;

use nanobot_agent::ModelDescription;

use super::prepare::Prepared;
use crate::instance::Instance;
use crate::output::{self, CAUTION, STRONG, done, styled};
use crate::port::reachable;

/// Says what is about to start, and what was made for it.
pub(super) fn starting(instance: &Instance, port: u16, prepared: &Prepared) {
    if let Some(path) = instance.chosen_config() {
        say(format_args!("Using config: {}", path.display()));
    }
    let port = if port == 0 { "a free port".to_owned() } else { format!("port {port}") };
    let version = env!("CARGO_PKG_VERSION");
    say(format_args!("🐈 Starting nanobot gateway version {version} on {port}..."));
    if prepared.is_new {
        say(done(format_args!("Created config at {}", instance.paths.config_file.display())));
    }
    if !prepared.created.is_empty() {
        let workspace = instance.workspace(&prepared.config);
        say(done(format_args!("Created workspace at {}", workspace.display())));
    }
    for name in &prepared.created {
        say(format_args!("  Created {name}"));
    }
}

/// Says what is running, and what a person can do now.
pub(super) fn started(
    instance: &Instance,
    channels: &[String],
    address: SocketAddr,
    has_page: bool,
    model: &ModelDescription,
) {
    match channels {
        [] => say(format_args!("{} No channels enabled", styled("Warning:", CAUTION))),
        channels => say(done(format_args!("Channels enabled: {}", channels.join(", ")))),
    }
    say(done(format_args!("Listening on {address}")));
    let page = format!("http://{}/", reachable(address));
    if has_page {
        say(done(format_args!("Chat page: {}", styled(&page, STRONG))));
    }
    tell_model(model, &instance.paths.config_file);
    let ask = instance.command("channels status");
    match (has_page, channels) {
        (true, _) => say(format_args!(
            "\nOpen the chat page in a browser. `{ask}` shows how the channels are; Ctrl-C stops."
        )),
        (false, []) => say(format_args!(
            "\nEnable a channel in {}; `{}` shows which there are.",
            instance.paths.config_file.display(),
            instance.command("plugins list")
        )),
        (false, _) => say(format_args!("\n`{ask}` shows how the channels are; Ctrl-C stops.")),
    }
}

/// Says which model answers, or what to do so that one does.
pub(in crate::commands) fn tell_model(model: &ModelDescription, file: &Path) {
    if model.offline {
        return tell_offline(model, file);
    }
    match &model.hint {
        None => say(done(format_args!("Model: {} ({})", model.name, model.provider))),
        Some(problem) => {
            say(format_args!(
                "{} Model: {} cannot be asked",
                styled("Warning:", CAUTION),
                model.name
            ));
            say(format_args!("  {problem}"));
        }
    }
}

/// Says exactly what to type to get a real model.
fn tell_offline(model: &ModelDescription, file: &Path) {
    let what = "built in, needs no network, and only repeats what you write";
    say(done(format_args!("Model: {} ({what})", model.name)));
    say(format_args!(
        "\n  For real answers, set these two in {}:\n\
         \x20   \"agents\": {{ \"defaults\": {{ \"model\": \"anthropic/claude-opus-4-5\" }} }},\n\
         \x20   \"providers\": {{ \"openrouter\": {{ \"apiKey\": \"YOUR KEY\" }} }}\n\
         \x20 or, while they are empty there, the environment variables:\n\
         \x20   NANOBOT_AGENTS__DEFAULTS__MODEL=anthropic/claude-opus-4-5\n\
         \x20   NANOBOT_PROVIDERS__OPENROUTER__API_KEY=YOUR_KEY\n\
         \x20 Any other provider will do; `nanobot status` finds models that run on this machine.",
        file.display()
    ));
}

fn say(text: impl Display) {
    let _ = output::line(text);
}
