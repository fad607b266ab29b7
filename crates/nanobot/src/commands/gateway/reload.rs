//! Takes over changes of the config, and of the plugins, while the gateway runs.

mod needs_restart;
mod watch;

use std::convert::Infallible;
use std::sync::Arc;

use nanobot_agent::Agent;
use nanobot_config::Config;
use nanobot_gateway::{ChannelSpec, Gateway, ReloadRequest, Reloaded, Wanted};
use serde_json::Value;
use tokio::sync::mpsc;

use super::prepare::Prepared;
use super::selection;
use super::settings::max_attempts;
use crate::built_in_sections;
use crate::catalog::Catalog;
use crate::exit;
use crate::failure::Failure;
use crate::instance::{Instance, Loaded, tell_warnings};
use crate::signals::HangUps;
use crate::workspace;
use watch::FileWatch;

/// Sections that the agent does not see.
const NOT_THE_AGENTS: [&str; 4] = ["channels", "gateway", "plugins", "api"];

/// Reads the config again when it changed or somebody asks, and makes the gateway what it says.
///
/// A config that cannot be used changes nothing: the one before holds, and the status says why.
pub(super) struct Reloader<'a> {
    instance: &'a Instance,
    /// Whether the port was given on the command line, so that the config's does not matter.
    is_port_chosen: bool,
    /// What the gateway started with.
    first: Config,
    /// What holds now.
    current: Config,
    /// What the agent sees of it, as typed.
    agent_part: Value,
    /// The text that was read last, whether it could be used or not.
    text: String,
    /// The chat page, which lives as long as the gateway's port.
    chat: Option<ChannelSpec>,
}

impl<'a> Reloader<'a> {
    pub(super) fn new(
        instance: &'a Instance,
        prepared: &Prepared,
        is_port_chosen: bool,
        chat: Option<ChannelSpec>,
    ) -> Self {
        Self {
            instance,
            is_port_chosen,
            first: prepared.config.clone(),
            current: prepared.config.clone(),
            agent_part: agent_part(prepared.file.value()),
            text: prepared.file.text().to_owned(),
            chat,
        }
    }

    /// Works until it is dropped, which is safe at any time.
    pub(super) async fn run(
        mut self,
        gateway: &Gateway,
        mut requests: mpsc::Receiver<ReloadRequest>,
        mut hang_ups: HangUps,
    ) -> Infallible {
        let mut file = FileWatch::new(&self.instance.paths.config_file);
        loop {
            tokio::select! {
                Some(request) = requests.recv() => {
                    // Whoever asked may have gone.
                    let _ = request.send(self.reload(gateway).await);
                }
                () = hang_ups.next() => {
                    tracing::info!("Reading the config again, as SIGHUP asks.");
                    self.reload(gateway).await;
                }
                () = file.changed() => {
                    if !self.is_unchanged() {
                        tracing::info!("The config file has changed.");
                        self.reload(gateway).await;
                    }
                }
            }
        }
    }

    /// Whether the file says what was read last; then only its looks have changed.
    fn is_unchanged(&self) -> bool {
        let text = std::fs::read_to_string(&self.instance.paths.config_file);
        text.is_ok_and(|text| text == self.text)
    }

    async fn reload(&mut self, gateway: &Gateway) -> Reloaded {
        let (agent, problem) = match self.read() {
            Ok(is_agent_new) if is_agent_new => (Some(self.agent().await), None),
            Ok(_) => (None, None),
            Err(error) => (None, Some(told(&error))),
        };
        // Also with a config that cannot be used: plugins may have been installed.
        let channels = self.channels().await;
        let max_attempts = max_attempts(&self.current);
        let applied = gateway.apply(Wanted { channels, agent, max_attempts });
        let needs_restart = needs_restart::keys(&self.first, &self.current, self.is_port_chosen);
        let reloaded = Reloaded { applied, problem, needs_restart };
        gateway.note_reload(reloaded.clone());
        log(&reloaded);
        reloaded
    }

    /// Reads the config. One that can be used holds from now on; says whether the agent is another.
    fn read(&mut self) -> anyhow::Result<bool> {
        let path = &self.instance.paths.config_file;
        // Remembered even if it cannot be used, so that it is not refused again and again.
        self.text = std::fs::read_to_string(path).unwrap_or_default();
        let Loaded { file, config, exists } = self.instance.load()?;
        if !exists {
            let failure = Failure::new(format!("{} is gone", path.display()));
            return Err(failure.with_hint("put it back, or run `nanobot onboard`").into());
        }
        built_in_sections::check(&file, &config)?;
        tell_warnings(path, &config.warnings);
        self.current = config;
        let agent_part = agent_part(file.value());
        Ok(agent_part != std::mem::replace(&mut self.agent_part, agent_part.clone()))
    }

    /// The agent that the config describes, ready to answer.
    async fn agent(&self) -> Arc<Agent> {
        let folder = self.instance.workspace(&self.current);
        if !folder.exists()
            && let Err(error) = workspace::create(&folder)
        {
            tracing::warn!(%error, folder = %folder.display(), "The workspace cannot be made.");
        }
        let agent = Arc::new(Agent::new(self.instance.agent_settings(&self.current)));
        let warming = Arc::clone(&agent);
        if tokio::task::spawn_blocking(move || warming.warm_up()).await.is_err() {
            tracing::warn!("Preparing the model failed; the first answer may take longer.");
        }
        agent
    }

    /// The channels that are to run.
    async fn channels(&self) -> Vec<ChannelSpec> {
        let catalog =
            tokio::task::block_in_place(|| Catalog::find_by(&self.current.plugins, self.instance));
        let chat = self.chat.as_ref().map(|chat| selection::chat_by_rules(chat, &self.current));
        let others = selection::channels(self.instance, &self.current, &catalog).await;
        chat.into_iter().chain(others).collect()
    }
}

fn log(reloaded: &Reloaded) {
    let Reloaded { applied, problem, needs_restart } = reloaded;
    match problem {
        None => tracing::info!("The config and the plugins were read again: {applied}."),
        Some(problem) => {
            tracing::error!("The config is not taken, and the one before holds: {problem}");
            if !applied.is_empty() {
                tracing::info!("The plugins were looked for again: {applied}.");
            }
        }
    }
    for key in needs_restart {
        tracing::warn!("{key} has changed, which takes effect after a restart of the gateway.");
    }
}

/// What the agent is made of, as typed.
fn agent_part(typed: &Value) -> Value {
    let mut part = typed.clone();
    if let Some(sections) = part.as_object_mut() {
        sections.retain(|key, _| !NOT_THE_AGENTS.contains(&key.as_str()));
    }
    part
}

/// An error with what a person can do about it, in one line.
fn told(error: &anyhow::Error) -> String {
    match exit::hint(error) {
        Some(hint) => format!("{}; {hint}", exit::chain(error)),
        None => exit::chain(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_model_is_another_agent_and_another_channel_is_not() {
        let typed = |model: &str, port: u16| json!({"agents": {"defaults": {"model": model}}, "channels": {"webhook": {"port": port}}});
        assert_eq!(agent_part(&typed("a", 1)), agent_part(&typed("a", 2)));
        assert_ne!(agent_part(&typed("a", 1)), agent_part(&typed("b", 1)));
    }
}
