use std::fs::{self, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::{MEMORY_DISK, Running, Subject};
use crate::model::Model;
use crate::platform::Platform;
use crate::programs::Programs;

/// What a home is prepared for.
pub(crate) struct Setup<'a> {
    pub(crate) model: &'a Model,
    /// One for each channel. The first is `webhook`, the others `hook001` and so on.
    pub(crate) callbacks: Vec<Callback>,
    pub(crate) streaming: bool,
}

/// Where a channel's answers go.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    url: String,
    address: SocketAddr,
}

impl Callback {
    pub(crate) fn of(platform: &Platform) -> Self {
        Self { url: platform.url(), address: platform.address() }
    }
}

/// A home directory with a program's config in it. The program may be started there again and again.
pub(crate) struct Home {
    /// Where each channel takes messages.
    pub(crate) webhooks: Vec<SocketAddr>,
    directory: TempDir,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Home {
    pub(crate) fn new(
        programs: &Programs,
        subject: Subject,
        setup: &Setup<'_>,
    ) -> anyhow::Result<Self> {
        let directory = match subject {
            Subject::OursUnflushed => tempfile::tempdir_in(MEMORY_DISK),
            _ => tempfile::tempdir(),
        };
        let directory = directory.context("failed to make a directory")?;
        let webhooks = free_addresses(setup.callbacks.len())?;
        let data = directory.path().join(".nanobot");
        fs::create_dir_all(&data).context("failed to make a directory")?;
        let config = config(programs, subject, setup, &webhooks);
        fs::write(data.join("config.json"), format!("{config:#}")).context("failed to write")?;
        if matches!(subject, Subject::Ours | Subject::OursUnflushed) {
            copy_plugin(&programs.plugin(), &data.join("plugins/bin"), webhooks.len())?;
        }
        let program = match subject {
            Subject::Forwarder => std::env::current_exe().context("failed to find this program")?,
            Subject::Original => programs.original(),
            _ => programs.nanobot(),
        };
        let arguments = arguments(subject, setup, &webhooks)?;
        Ok(Self { webhooks, directory, program, arguments })
    }

    pub(crate) fn webhook(&self) -> SocketAddr {
        self.webhooks[0]
    }

    /// Starts the program, and waits until each channel accepts connections.
    pub(crate) async fn start(&self) -> anyhow::Result<Running> {
        Running::start(self.command()?, &self.webhooks, &self.log_file()).await
    }

    fn command(&self) -> anyhow::Result<Command> {
        let log = OpenOptions::new().create(true).append(true).open(self.log_file());
        let log = log.context("failed to open the log")?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("HOME", self.directory.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true);
        Ok(command)
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("gateway.log")
    }
}

/// The same keys for ours and the original.
fn config(
    programs: &Programs,
    subject: Subject,
    setup: &Setup<'_>,
    webhooks: &[SocketAddr],
) -> Value {
    let mut channels = Map::new();
    if subject != Subject::Original {
        channels.insert("web".to_owned(), json!({"enabled": false}));
    }
    for (index, (callback, webhook)) in setup.callbacks.iter().zip(webhooks).enumerate() {
        let section = json!({
            "enabled": true, "port": webhook.port(), "callbackUrl": callback.url,
            "streaming": setup.streaming, "allowFrom": ["*"],
        });
        channels.insert(channel_name(index), section);
    }
    let mut config = json!({
        "agents": {"defaults": {"model": "fake-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": setup.model.base_url(), "apiKey": "key"}},
        "channels": channels,
    });
    if subject == Subject::OursPython {
        config["plugins"] = json!({"python": [programs.python()]});
    }
    config
}

fn channel_name(index: usize) -> String {
    if index == 0 { "webhook".to_owned() } else { format!("hook{index:03}") }
}

/// Puts the plugin where the gateway looks for it, once for each channel.
fn copy_plugin(plugin: &Path, folder: &Path, channels: usize) -> anyhow::Result<()> {
    fs::create_dir_all(folder).context("failed to make a directory")?;
    let target = |index| folder.join(format!("nanobot-channel-{}", channel_name(index)));
    fs::copy(plugin, target(0)).context("failed to copy the plugin")?;
    for index in 1..channels {
        fs::hard_link(target(0), target(index)).context("failed to copy the plugin")?;
    }
    Ok(())
}

fn arguments(
    subject: Subject,
    setup: &Setup<'_>,
    webhooks: &[SocketAddr],
) -> anyhow::Result<Vec<String>> {
    if subject != Subject::Forwarder {
        let port = free_addresses(1)?[0].port().to_string();
        return Ok(vec!["gateway".to_owned(), "--port".to_owned(), port]);
    }
    let mut arguments = vec![
        "forwarder".to_owned(),
        format!("--port={}", webhooks[0].port()),
        format!("--model={}", setup.model.server.address),
        format!("--callback={}", setup.callbacks[0].address),
    ];
    if setup.streaming {
        arguments.push("--streaming".to_owned());
    }
    Ok(arguments)
}

/// Addresses that were free a moment ago, each another.
fn free_addresses(count: usize) -> anyhow::Result<Vec<SocketAddr>> {
    let listeners: Result<Vec<_>, _> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect();
    let listeners = listeners.context("there is no free port")?;
    listeners.iter().map(|it| it.local_addr().context("failed to read an address")).collect()
}
