//! The tool `exec`: runs shell commands.

mod consent;
mod guard;
mod landlock;
mod output;
mod process;
mod sandbox;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::provider::ToolSpec;
use crate::settings::ToolSettings;
use crate::tool::{Arguments, Tool, ToolContext, ToolError};

use super::folders::{Access, Folders};
use super::{blocking, spec};

use consent::Consent;
use guard::Guard;
use process::{Ended, Job};
use sandbox::Sandbox;
pub use sandbox::command_walls;

/// Models ask for 0 when they mean that there should be no limit.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(600);
/// Characters of the output that the model gets to see.
const MAX_OUTPUT_CHARS: usize = 10_000;

/// Runs a command in a login shell.
pub(super) struct Exec {
    folders: Arc<Folders>,
    guard: Guard,
    consent: Consent,
    sandbox: Arc<Sandbox>,
    timeout: Duration,
}

impl Exec {
    pub(super) fn new(folders: &Arc<Folders>, settings: &ToolSettings) -> Self {
        let config = &settings.config;
        Self {
            folders: Arc::clone(folders),
            guard: Guard::new(&config.ssrf_whitelist),
            consent: Consent::new(&config.exec),
            sandbox: Arc::new(Sandbox::new(folders, settings)),
            timeout: Duration::from_secs(config.exec.timeout.into()).min(LONGEST_TIMEOUT),
        }
    }
}

#[async_trait]
impl Tool for Exec {
    fn spec(&self) -> ToolSpec {
        spec(
            "exec",
            "Runs a command in bash and gives its output and exit status. It starts in the \
             workspace, sees no environment variables of the program, and may be locked into the \
             workspace. For files use the file tools.",
            &[
                ("command*", "string", "Command line"),
                ("working_dir", "string", "Folder to start in, the workspace unless given"),
                ("timeout", "integer", "Seconds until the command is ended, at most 600"),
            ],
        )
    }

    async fn call(&self, arguments: &Arguments, cx: &ToolContext<'_>) -> Result<String, ToolError> {
        let command = arguments.text("command")?.to_owned();
        self.guard.check(&command)?;
        self.consent.get(&command, self.guard.is_dangerous(&command), cx).await?;
        let timeout = arguments.number("timeout").map_or(self.timeout, Duration::from_secs);
        let timeout = timeout.clamp(SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
        let typed = arguments.optional_text("working_dir").unwrap_or(".").to_owned();
        let (folders, sandbox) = (Arc::clone(&self.folders), Arc::clone(&self.sandbox));
        let runtime = tokio::runtime::Handle::current();
        let job = blocking(move || {
            let start = folders.locate(&typed, Access::Write)?;
            let prepared = sandbox.prepare(&command, &start)?;
            Job::start(prepared, &runtime)
        })
        .await?;
        Ok(describe(job.finish(timeout, MAX_OUTPUT_CHARS).await, timeout))
    }
}

fn describe(ended: Ended, timeout: Duration) -> String {
    let mut text = ended.stdout;
    if !ended.stderr.trim().is_empty() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str("STDERR:\n");
        text.push_str(&ended.stderr);
    }
    if text.trim().is_empty() {
        text = "(no output)".to_owned();
    }
    let end = match ended.status {
        None => format!("Error: the command was ended after {} seconds.", timeout.as_secs()),
        Some(status) => match status.code() {
            Some(code) => format!("Exit code: {code}"),
            None => format!("Ended by {status}"),
        },
    };
    format!("{}\n\n{end}", text.trim_end())
}
