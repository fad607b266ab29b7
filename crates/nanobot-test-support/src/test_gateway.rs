//! A whole gateway: the real program with a home folder of its own.

mod builder;
mod children;
mod lines;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::time::timeout;

pub use builder::TestGatewayBuilder;
use lines::Lines;
pub use rustix::process::Signal;

/// How long anything may take before a test fails; far longer than it takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
/// What stands before the address in the line that says that the gateway listens.
const LISTENING: &str = "Listening on ";

/// A running gateway; killed when dropped.
///
/// Its home is an empty folder and its environment is cleared, so nothing of the machine gets in.
pub struct TestGateway {
    binary: PathBuf,
    command: &'static str,
    home: TempDir,
    child: Child,
    stdout: Lines,
    stderr: Lines,
    address: SocketAddr,
}

impl TestGateway {
    /// A gateway of the program at `binary`, still to be configured.
    #[must_use]
    pub fn builder(binary: impl Into<PathBuf>) -> TestGatewayBuilder {
        TestGatewayBuilder::new(binary.into())
    }

    /// Starts the same program again in the same home, after this one has ended. Arguments and
    /// variables are not kept.
    ///
    /// # Panics
    ///
    /// Panics with what was printed when it does not start.
    pub async fn restarted(self) -> Self {
        let Self { binary, command, home, .. } = self;
        Self::builder(binary).command(command).home(home).without_config().start().await
    }

    async fn listening(
        (binary, command): (PathBuf, &'static str),
        home: TempDir,
        child: Child,
        stdout: Lines,
        stderr: Lines,
    ) -> Result<Self, String> {
        let line = stdout.wait_for(|line| line.contains(LISTENING)).await;
        let address = line.as_deref().and_then(address_in);
        let Some(address) = address else {
            let (out, err) = (stdout.text(), stderr.text());
            return Err(format!("the gateway did not start\nstdout:\n{out}\nstderr:\n{err}"));
        };
        Ok(Self { binary, command, home, child, stdout, stderr, address })
    }

    /// Where the control port is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The home folder; all data are below `.nanobot` in it.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The folder with the config file and all data.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.home().join(".nanobot")
    }

    /// Process id.
    ///
    /// # Panics
    ///
    /// Panics when the process has ended and was waited for.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("the gateway is running")
    }

    /// What was printed so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What was logged so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits for a line with this text on stdout.
    ///
    /// # Panics
    ///
    /// Panics when it does not come.
    pub async fn wait_for_stdout(&self, text: &str) -> String {
        self.expect_line(&self.stdout, text).await
    }

    /// Waits for a line with this text on stderr.
    ///
    /// # Panics
    ///
    /// Panics when it does not come.
    pub async fn wait_for_stderr(&self, text: &str) -> String {
        self.expect_line(&self.stderr, text).await
    }

    async fn expect_line(&self, lines: &Lines, text: &str) -> String {
        let line = lines.wait_for(|line| line.contains(text)).await;
        line.unwrap_or_else(|| {
            let (out, err) = (self.stdout(), self.stderr());
            panic!("no line with {text:?}\nstdout:\n{out}\nstderr:\n{err}")
        })
    }

    /// Gets a page of the control port; status and body.
    ///
    /// # Panics
    ///
    /// Panics when there is no answer.
    pub async fn get(&self, path: &str) -> (u16, String) {
        self.request("GET", path).await
    }

    /// Sends a request without a body to the control port; status and body of the answer.
    ///
    /// # Panics
    ///
    /// Panics when there is no answer.
    pub async fn request(&self, method: &str, path: &str) -> (u16, String) {
        let answer = timeout(LIMIT, request(self.address, method, path)).await;
        answer.expect("the gateway answers in time").expect("the gateway answers")
    }

    /// Runs another command of the same program in the same home, to its end.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be started or does not end.
    pub async fn command(&self, binary: impl Into<PathBuf>, args: &[&str]) -> Output {
        self.command_with_input(binary, args, "").await
    }

    /// The same, with something to read.
    ///
    /// # Panics
    ///
    /// Panics when it cannot be started or does not end.
    pub async fn command_with_input(
        &self,
        binary: impl Into<PathBuf>,
        args: &[&str],
        input: &str,
    ) -> Output {
        let mut child = builder::command(&binary.into(), self.home())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the command can be started");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // Fails if the command has ended without reading, which is its right.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = timeout(LIMIT, child.wait_with_output()).await;
        output.expect("the command ends in time").expect("a child can be waited for")
    }

    /// Runs a command that looks at the gateway until it prints what is wanted, and returns that.
    ///
    /// # Panics
    ///
    /// Panics when it never does.
    pub async fn command_until(
        &self,
        binary: impl Into<PathBuf>,
        args: &[&str],
        is_wanted: impl Fn(&str) -> bool,
    ) -> String {
        let binary = binary.into();
        let asking = async {
            loop {
                let output = self.command(&binary, args).await;
                let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
                if is_wanted(&stdout) {
                    return stdout;
                }
            }
        };
        let printed = timeout(LIMIT, asking).await;
        printed.unwrap_or_else(|_| panic!("{args:?} never printed it\n{}", self.stderr()))
    }

    /// Sends a signal.
    ///
    /// # Panics
    ///
    /// Panics when the process has ended.
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id()).expect("process ids are small");
        let id = rustix::process::Pid::from_raw(id).expect("process ids are not 0");
        rustix::process::kill_process(id, signal).expect("the gateway is running");
    }

    /// Kills the plugin process whose program has this name, as `kill -9` does.
    ///
    /// # Panics
    ///
    /// Panics when the gateway has no such child, or where there is no `/proc`.
    pub fn kill_plugin(&self, program: &str) {
        let plugin = children::named(self.id(), program).expect("the plugin is running");
        rustix::process::kill_process(plugin, Signal::KILL).expect("the plugin is running");
    }

    /// Waits until the process has ended.
    ///
    /// # Panics
    ///
    /// Panics when it does not end.
    pub async fn wait(&mut self) -> ExitStatus {
        let ended = timeout(LIMIT, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("the gateway goes on:\n{}", self.stderr()));
        status.expect("a child can be waited for")
    }

    /// Ends the gateway in order and returns its status.
    ///
    /// # Panics
    ///
    /// Panics when it has ended already, or does not end.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait().await
    }
}

/// Reads an address, or the URL of one.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, place) = line.split_once(LISTENING)?;
    let place = place.trim().trim_start_matches("http://");
    let (address, _) = place.split_once('/').unwrap_or((place, ""));
    address.parse().ok()
}

async fn request(address: SocketAddr, method: &str, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.unwrap_or_default(), body.to_owned()))
}
