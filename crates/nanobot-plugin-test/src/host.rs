use std::collections::HashSet;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nanobot_protocol::{ENV_PLUGIN, ENV_PROTOCOL_VERSIONS};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::{Subject, Verdict};

/// Longest line that is read. See the protocol, section "Lines".
const MAX_LINE_BYTES: u64 = 4 * 1024 * 1024;

/// Ends a check early.
pub(crate) type Checked<T = ()> = Result<T, Verdict>;

/// What a plugin answered: a result, or an error object.
pub(crate) type Answer = Result<Value, Value>;

/// A running plugin, and the host's end of its pipes.
pub(crate) struct Host {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    folder: TempDir,
    last_id: u64,
    answered: HashSet<u64>,
    patience: Duration,
}

pub(crate) fn failed(reason: impl Into<String>) -> Verdict {
    Verdict::Failed(reason.into())
}

pub(crate) fn skipped(reason: impl Into<String>) -> Verdict {
    Verdict::Skipped(reason.into())
}

pub(crate) fn kind(error: &Value) -> &str {
    error["data"]["kind"].as_str().unwrap_or("no kind")
}

/// The program, with nothing of this process's environment but what it needs to run.
pub(crate) fn command(subject: &Subject, folder: &TempDir) -> Command {
    let mut command = Command::new(&subject.program);
    command.args(&subject.args).env_clear().env("HOME", folder.path()).current_dir(folder.path());
    for name in ["PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs(&subject.env);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

pub(crate) fn folder() -> Checked<TempDir> {
    tempfile::tempdir().map_err(|error| skipped(format!("no folder can be made: {error}")))
}

impl Host {
    pub(crate) fn spawn(subject: &Subject) -> Checked<Self> {
        let folder = folder()?;
        let mut command = command(subject, &folder);
        command.env(ENV_PLUGIN, "1").env(ENV_PROTOCOL_VERSIONS, "1").stderr(Stdio::null());
        let mut child =
            command.spawn().map_err(|error| failed(format!("it cannot be started: {error}")))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or_else(|| failed("it has no stdout"))?;
        let stdout = BufReader::new(stdout);
        let (answered, patience) = (HashSet::new(), subject.patience);
        Ok(Self { child, stdin, stdout, folder, last_id: 0, answered, patience })
    }

    /// Writes a request without waiting for its answer; says its id.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Checked<u64> {
        self.last_id += 1;
        let id = self.last_id;
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
            .await?;
        Ok(id)
    }

    pub(crate) async fn tell(&mut self, method: &str, params: Value) -> Checked {
        self.write(&json!({"jsonrpc": "2.0", "method": method, "params": params})).await
    }

    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Checked<Answer> {
        let id = self.ask(method, params).await?;
        let (answered, answer) = self.next_answer(method).await?;
        if answered == id { Ok(answer) } else { Err(failed(format!("it answered {answered}"))) }
    }

    /// A `ping` that must be answered with a result.
    pub(crate) async fn ping(&mut self) -> Checked {
        let answer = self.call("ping", json!({})).await?;
        answer.map(|_| ()).map_err(|error| failed(format!("ping was refused: {error}")))
    }

    /// The next answer of the plugin; what it asks meanwhile is answered. What it says without being
    /// asked gives it no more time.
    pub(crate) async fn next_answer(&mut self, what: &str) -> Checked<(u64, Answer)> {
        let patience = self.patience;
        let answer = timeout(patience, self.until_answer()).await;
        answer.unwrap_or_else(|_| {
            Err(failed(format!("{what} was not answered within {} s", patience.as_secs())))
        })
    }

    async fn until_answer(&mut self) -> Checked<(u64, Answer)> {
        loop {
            let line = self.read().await?;
            let (method, id) = (line["method"].as_str(), line["id"].as_u64());
            match (method, id) {
                (Some(method), Some(id)) => self.serve(method, id).await?,
                (Some(_), None) => {}
                (None, Some(id)) => return self.judge(id, &line),
                (None, None) => return Err(failed(format!("this line says nothing: {line}"))),
            }
        }
    }

    fn judge(&mut self, id: u64, line: &Value) -> Checked<(u64, Answer)> {
        if id > self.last_id {
            return Err(failed(format!("it answered request {id}, which nobody asked")));
        }
        if !self.answered.insert(id) {
            return Err(failed(format!("it answered request {id} twice")));
        }
        match (line.get("result"), line.get("error")) {
            (Some(result), None) if result.is_object() => Ok((id, Ok(result.clone()))),
            (None, Some(error)) if error.is_object() => Ok((id, Err(error.clone()))),
            _ => Err(failed(format!("an answer has one object, result or error: {line}"))),
        }
    }

    /// What a gateway without an allow-list answers.
    async fn serve(&mut self, method: &str, id: u64) -> Checked {
        let result = match method {
            "message/received" => json!({"accepted": true}),
            "sender/check" => json!({"allowed": true}),
            _ => return Err(failed(format!("it asked for {method}, which hosts do not have"))),
        };
        self.write(&json!({"jsonrpc": "2.0", "id": id, "result": result})).await
    }

    async fn write(&mut self, line: &Value) -> Checked {
        let stdin = self.stdin.as_mut().ok_or_else(|| failed("its stdin is closed"))?;
        let line = format!("{line}\n");
        let writing = stdin.write_all(line.as_bytes());
        let written = timeout(self.patience, writing).await;
        let written = written.map_err(|_| failed("it does not read its stdin"))?;
        written.map_err(|error| failed(format!("it does not read its stdin: {error}")))
    }

    async fn read(&mut self) -> Checked<Value> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.stdout).take(MAX_LINE_BYTES + 1);
        let read = bounded.read_until(b'\n', &mut line).await;
        if read.map_err(|error| failed(format!("its stdout broke: {error}")))? == 0 {
            return Err(failed("it closed its stdout, or ended"));
        }
        let shown = String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned();
        let value: Option<Value> = serde_json::from_slice(&line).ok();
        let value = value.filter(|value| value["jsonrpc"] == "2.0");
        value.ok_or_else(|| failed(format!("stdout has a line that is not of the link: {shown:?}")))
    }

    /// The handshake of a host that speaks version 1; the plugin's answer.
    pub(crate) async fn initialize(&mut self, subject: &Subject) -> Checked<Value> {
        let answer = self.call("initialize", hello(subject, &[1])).await?;
        answer.map_err(|error| failed(format!("initialize was refused: {error}")))
    }

    /// Starts the channel; skips the check if its section cannot work.
    pub(crate) async fn start(&mut self, subject: &Subject) -> Checked<Value> {
        let described = self.initialize(subject).await?;
        let mut config: Map<String, Value> =
            described["default_config"].as_object().cloned().unwrap_or_default();
        config.insert("enabled".into(), true.into());
        config.extend(subject.section.clone());
        let (state, media) = (self.folder.path().join("state"), self.folder.path().join("media"));
        for folder in [&state, &media] {
            std::fs::create_dir_all(folder)
                .map_err(|error| skipped(format!("no folder can be made: {error}")))?;
        }
        let params = json!({"config": config, "state_dir": state, "media_dir": media});
        match self.call("channel/start", params).await? {
            Ok(_) => Ok(described),
            Err(error) => Err(skipped(format!(
                "the channel does not start with this section: {}",
                error["message"].as_str().unwrap_or_default()
            ))),
        }
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits for the end of the process; what it still writes is thrown away.
    pub(crate) async fn exit(&mut self) -> Checked<ExitStatus> {
        let mut rest = tokio::io::sink();
        let ending = async {
            let _ = tokio::io::copy(&mut self.stdout, &mut rest).await;
            self.child.wait().await
        };
        let ended = timeout(self.patience, ending).await;
        let late = |_| failed(format!("it did not exit within {} s", self.patience.as_secs()));
        let ended = ended.map_err(late)?;
        ended.map_err(|error| skipped(format!("it cannot be waited for: {error}")))
    }
}

/// Parameters of `initialize`, with members that no version knows yet.
pub(crate) fn hello(subject: &Subject, versions: &[u32]) -> Value {
    json!({
        "protocol_versions": versions, "host": {"name": "nanobot-plugin-test", "version": "1"},
        "capabilities": {"sender_check": {}, "something_new": {"size": 1}},
        "instance": subject.name, "log_level": "warn", "something_new": [1, 2],
    })
}
