use std::fs::{self, File, OpenOptions};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");
const PLUGIN: &str = "nanobot-channel-webhook";

/// A home with a gateway in it that can be killed and started again.
pub(crate) struct Gateway {
    home: TempDir,
    pub(crate) port: u16,
    child: Child,
}

impl Gateway {
    /// A gateway with the webhook plugin.
    pub(crate) async fn start(model: &str, callback: &str, streams: bool) -> Self {
        build_plugin().await;
        let home = home();
        let plugin = Path::new(BINARY).with_file_name(PLUGIN);
        copy(&plugin, &home.path().join(".nanobot/plugins/bin").join(PLUGIN));
        let port = free_port();
        let webhook = json!({
            "enabled": true, "port": port, "callbackUrl": callback,
            "streaming": streams, "allowFrom": ["*"],
        });
        let child = configure(home.path(), model, &json!({"webhook": webhook}), &[]);
        Self { home, port, child }
    }

    /// A gateway with Telegram, built in or as a process of its own.
    pub(crate) fn start_with_telegram(model: &str, section: &Value, is_isolated: bool) -> Self {
        let home = home();
        let isolated: &[&str] = if is_isolated { &["telegram"] } else { &[] };
        let child = configure(home.path(), model, &json!({"telegram": section}), isolated);
        Self { home, port: 0, child }
    }

    /// Ends the gateway without a word, and starts the next.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.expect("the gateway can be killed");
        self.child = spawn(self.home.path());
    }

    /// Ends the plugin without a word; false if there is none.
    pub(crate) fn kill_plugin(&self) -> bool {
        let plugin = self.child.id().and_then(child_of);
        plugin.is_some_and(|plugin| kill_process(plugin, Signal::KILL).is_ok())
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends the gateway in order.
    async fn stop(&mut self) -> Option<i32> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.expect("the gateway is running"), Signal::TERM).expect("it is ours");
        self.child.wait().await.expect("a child can be waited for").code()
    }

    /// Ends the gateway in order after all is answered. Says what is not as it should be then (how
    /// the gateway ended, what still waits in its ledger), and the log if anything is not.
    pub(crate) async fn end(&mut self) -> (Vec<String>, String) {
        let status = self.stop().await;
        let mut left: Vec<String> = Vec::new();
        if status != Some(0) {
            left.push(format!("the gateway ended with {status:?}"));
        }
        for args in [
            &["deliveries", "--inbound", "--json"][..],
            &["deliveries", "--state", "waiting,under_way,held,dead", "--json"],
        ] {
            left.extend(self.ask_json(args).await.iter().map(ToString::to_string));
        }
        let evidence = if left.is_empty() { String::new() } else { self.log() };
        (left, evidence)
    }

    /// What a command about this gateway prints.
    pub(crate) async fn ask(&self, args: &[&str]) -> String {
        let output = command(self.home.path()).args(args).output().await;
        let output = output.expect("the command can be started");
        [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat()
    }

    pub(crate) async fn ask_json(&self, args: &[&str]) -> Vec<Value> {
        let said = self.ask(args).await;
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{args:?}: {error}: {said}"))
    }

    /// The last lines of what the gateways logged.
    pub(crate) fn log(&self) -> String {
        let text = fs::read_to_string(log_file(self.home.path())).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(40).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

/// A home with a copy of the program: a build while this runs must not change what is tested.
fn home() -> TempDir {
    let home = tempfile::tempdir().expect("a folder can be made");
    copy(Path::new(BINARY), &program(home.path()));
    home
}

/// Writes the config and starts the gateway.
fn configure(home: &Path, model: &str, channels: &Value, isolated: &[&str]) -> Child {
    let mut config = json!({
        "agents": {"defaults": {"model": "fake-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model, "apiKey": "key"}},
        "plugins": {"isolate": isolated},
        "channels": channels,
    });
    config["channels"]["web"] = json!({"enabled": false});
    let folder = home.join(".nanobot");
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join("config.json"), config.to_string()).expect("a file can be written");
    spawn(home)
}

fn spawn(home: &Path) -> Child {
    let log: File = OpenOptions::new()
        .create(true)
        .append(true)
        .open(log_file(home))
        .expect("a file can be written");
    command(home)
        .args(["gateway", "--port", "0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("the program can be started")
}

fn program(home: &Path) -> PathBuf {
    home.join("nanobot")
}

fn log_file(home: &Path) -> PathBuf {
    home.join("gateway.log")
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(program(home));
    command.env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin").current_dir(home);
    command
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

/// The example plugin is a package of its own, which a test of this one does not build.
async fn build_plugin() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", PLUGIN]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().await;
    assert!(built.expect("cargo can be started").success(), "the plugin cannot be built");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("it is in a folder")).expect("a folder can be made");
    fs::copy(from, to).expect("a program can be copied");
}

/// The running plugin of a gateway.
fn child_of(gateway: u32) -> Option<Pid> {
    let tasks = fs::read_dir(format!("/proc/{gateway}/task")).ok()?;
    let children = tasks.flatten().map(|task| fs::read_to_string(task.path().join("children")));
    let children: Vec<String> = children.flatten().collect();
    let ids = children.iter().flat_map(|ids| ids.split_whitespace());
    ids.filter_map(|id| id.parse().ok()).find_map(Pid::from_raw)
}
