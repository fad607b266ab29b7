//! A connection to one server.

use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;

use nanobot_config::{McpServer, McpTransport};
use process_wrap::tokio::{CommandWrap, KillOnDrop, ProcessGroup};
use reqwest::Client;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, Tool};
use rmcp::service::RunningService;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{RoleClient, ServiceExt};
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::task::JoinHandle;

use crate::process_group::GroupGuard;
use crate::provider::{install_tls, is_loopback};

/// Longest time to connect; a program may be downloaded first.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(120);
const HTTP_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Variables that programs of others need to run at all; no others are passed on.
const PASSED_ON: [&str; 10] =
    ["HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"];
/// Bytes of one line of the log; the rest of it is the next one.
const MAX_LOG_LINE: u64 = 8 * 1024;

pub(super) type McpClient = RunningService<RoleClient, ClientConfig>;

/// A server that is up.
pub(super) struct Connection {
    pub(super) client: McpClient,
    pub(super) tools: Vec<Tool>,
    _program: Option<Program>,
}

/// What belongs to a program that was started as a server, and ends with the connection.
struct Program {
    /// Passes what it complains about to the log.
    log: Option<JoinHandle<()>>,
    _group: GroupGuard,
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(log) = &self.log {
            log.abort();
        }
    }
}

/// Why there is no connection, for the log. Addresses and arguments are not told: people put keys
/// there.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("neither `command` nor `url` is set")]
    NothingConfigured,
    #[error("the transport `sse` is not supported; most servers also offer `streamableHttp`")]
    Sse,
    #[error("a header is not valid")]
    Header,
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
    #[error("the program cannot be started")]
    Start(#[source] std::io::Error),
    #[error("the server does not answer as it should")]
    Handshake(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the server did not answer in time")]
    Timeout,
}

impl Connection {
    /// Connects, and asks which tools there are.
    pub(super) async fn open(name: &str, config: &McpServer) -> Result<Self, ConnectError> {
        let connecting = async {
            let (client, program) = Self::connect(name, config).await?;
            let tools = client.list_all_tools().await;
            let tools = tools.map_err(|error| ConnectError::Handshake(Box::new(error)))?;
            Ok(Self { client, tools, _program: program })
        };
        tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .unwrap_or(Err(ConnectError::Timeout))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed() || self.client.is_transport_closed()
    }

    async fn connect(
        name: &str,
        config: &McpServer,
    ) -> Result<(McpClient, Option<Program>), ConnectError> {
        let us = Implementation::new("nanobot", env!("CARGO_PKG_VERSION"));
        let us = ClientConfig::new(ClientCapabilities::default(), us);
        match transport(config)? {
            McpTransport::Stdio => {
                let (process, stderr) = TokioChildProcess::builder(command(config)?)
                    .stderr(Stdio::piped())
                    .spawn()
                    .map_err(ConnectError::Start)?;
                // From here on, so that a failed handshake ends the program as well.
                let group = GroupGuard::of_leader(process.id());
                let log = stderr.map(|stderr| tokio::spawn(pass_on(name.to_owned(), stderr)));
                let program = Program { log, _group: group };
                let client = us.serve(process).await;
                let client = client.map_err(|error| ConnectError::Handshake(Box::new(error)))?;
                Ok((client, Some(program)))
            }
            McpTransport::StreamableHttp => {
                let client = us.serve(http(config)?).await;
                Ok((client.map_err(|error| ConnectError::Handshake(Box::new(error)))?, None))
            }
            McpTransport::Sse => Err(ConnectError::Sse),
        }
    }
}

/// Which transport is meant.
fn transport(config: &McpServer) -> Result<McpTransport, ConnectError> {
    let is_set = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    match config.transport {
        Some(transport) => Ok(transport),
        None if is_set(&config.command) => Ok(McpTransport::Stdio),
        None if is_set(&config.url) => Ok(McpTransport::StreamableHttp),
        None => Err(ConnectError::NothingConfigured),
    }
}

/// The program with all its children in a group that ends together.
fn command(config: &McpServer) -> Result<CommandWrap, ConnectError> {
    let program = config.command.as_deref().map(str::trim).filter(|program| !program.is_empty());
    let mut command = Command::new(program.ok_or(ConnectError::NothingConfigured)?);
    command.args(&config.args).env_clear();
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    for (name, value) in &config.env {
        command.env(name, value.expose_secret());
    }
    let mut wrapped = CommandWrap::from(command);
    wrapped.wrap(KillOnDrop).wrap(ProcessGroup::leader());
    Ok(wrapped)
}

fn http(config: &McpServer) -> Result<StreamableHttpClientTransport<Client>, ConnectError> {
    let url = config.url.as_deref().ok_or(ConnectError::NothingConfigured)?.trim();
    let mut headers = HashMap::new();
    for (name, value) in &config.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| ConnectError::Header)?;
        let value = HeaderValue::from_str(value.expose_secret().trim());
        let mut value = value.map_err(|_| ConnectError::Header)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    install_tls();
    let mut builder = Client::builder()
        .connect_timeout(HTTP_CONNECT_TIMEOUT)
        // A redirect could carry the headers to another host.
        .redirect(Policy::none())
        // A connection that is used again stalls for 40 ms when an answer was not read to its end.
        .pool_max_idle_per_host(0);
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    let client = builder.build().map_err(ConnectError::Client)?;
    let config = StreamableHttpClientTransportConfig::with_uri(url).custom_headers(headers);
    Ok(StreamableHttpClientTransport::with_client(client, config))
}

/// What programs say may hold anything, so it is told at the lowest level only. Whatever it is, it is
/// read to the end: a program that can no longer write would end, or wait for ever.
async fn pass_on(server: String, stderr: ChildStderr) {
    let mut stderr = BufReader::new(stderr);
    loop {
        let mut line = Vec::new();
        let read = (&mut stderr).take(MAX_LOG_LINE).read_until(b'\n', &mut line).await;
        if !matches!(read, Ok(1..)) {
            return;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        tracing::trace!(server, line, "An MCP server wrote to its log.");
    }
}
