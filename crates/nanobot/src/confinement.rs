//! What the processes of channels may use of this machine: from the config to the sandbox, and from
//! there to people.

use std::path::{Path, PathBuf};

use nanobot_config::{PluginSandbox, Plugins};
use nanobot_plugin_host::{Access, Confinement, PluginCommand, Sandbox};
use serde::Serialize;

use crate::instance::{Instance, untilded};

const MIB: u64 = 1024 * 1024;

/// How the process of a channel is confined.
pub(crate) fn sandbox(config: &Plugins, instance: &Instance, channel: &str) -> Sandbox {
    let usual = PluginSandbox::default();
    let wanted = config.sandbox.get(channel).unwrap_or(&usual);
    let places =
        |typed: &[String]| typed.iter().map(|typed| place(typed, &instance.home)).collect();
    let mut private = vec![instance.home.clone(), instance.paths.data_dir.clone()];
    private.extend(instance.chosen_workspace().map(Path::to_owned));
    Sandbox {
        is_enabled: wanted.enabled,
        read: places(&wanted.read),
        write: places(&wanted.write),
        private,
        max_memory_bytes: u64::from(wanted.max_memory_mb) * MIB,
        max_open_files: u64::from(wanted.max_open_files),
    }
}

fn place(typed: &str, home: &Path) -> PathBuf {
    untilded(typed.into(), home)
}

/// What a person should know about `plugins.sandbox`, given the channels that have a process.
pub(crate) fn notes(config: &Plugins, home: &Path, processes: &[&str]) -> Vec<String> {
    let mut notes = Vec::new();
    for (channel, sandbox) in &config.sandbox {
        let key = format!("plugins.sandbox.{channel}");
        if !processes.contains(&channel.as_str()) {
            notes.push(format!(
                "{key} has no effect: there is no plugin of that name, and no channel of that name \
                 runs in a process of its own"
            ));
        }
        let named = sandbox.read.iter().chain(&sandbox.write);
        let missing = named.filter(|typed| !place(typed, home).exists());
        notes.extend(missing.map(|typed| format!("{key} names {typed}, which does not exist")));
    }
    let is_unconfined = Sandbox::default().confinement() == Confinement::Unavailable;
    if is_unconfined && !processes.is_empty() {
        let note = "plugins are not confined, because this system has no Landlock: they can read \
                    what you can read";
        notes.push(note.to_owned());
    }
    notes
}

/// What the process of a channel may do, for `plugins list`.
#[derive(Debug, Serialize)]
pub(crate) struct Rights {
    confinement: &'static str,
    network: bool,
    /// Not known for a process without walls: what its user may.
    read: Option<Vec<PathBuf>>,
    write: Option<Vec<PathBuf>>,
    max_memory_mb: Option<u64>,
    max_open_files: Option<u64>,
    /// What the config adds.
    #[serde(skip)]
    added: Vec<PathBuf>,
}

impl Rights {
    pub(crate) fn of(command: &PluginCommand, instance: &Instance) -> Self {
        let sandbox = &command.sandbox;
        let confinement = sandbox.confinement();
        let access = (confinement == Confinement::Confined).then(|| command.access());
        let (read, write) = access
            .map(|Access { readable, mut writable }| {
                writable.push(instance.paths.channel_state_dir(&command.name));
                writable.push(instance.paths.media_dir(&command.name));
                (readable, writable)
            })
            .unzip();
        let limited = |limit: u64| sandbox.is_enabled.then_some(limit);
        Self {
            confinement: word(confinement),
            network: true,
            read,
            write,
            max_memory_mb: limited(sandbox.max_memory_bytes / MIB),
            max_open_files: limited(sandbox.max_open_files),
            added: sandbox.read.iter().chain(&sandbox.write).cloned().collect(),
        }
    }

    /// In short, for people.
    pub(crate) fn summary(&self) -> String {
        if self.read.is_none() {
            return "not confined".to_owned();
        }
        let added = self.added.iter().map(|path| path.display().to_string());
        let all = ["own folders".to_owned()].into_iter().chain(added).chain(["network".to_owned()]);
        all.collect::<Vec<_>>().join(", ")
    }
}

fn word(confinement: Confinement) -> &'static str {
    match confinement {
        Confinement::Confined => "confined",
        Confinement::SwitchedOff => "switched_off",
        Confinement::Unavailable => "unavailable",
    }
}
