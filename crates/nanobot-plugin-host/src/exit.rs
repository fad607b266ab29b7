use std::process::ExitStatus;

use nanobot_channel::ChannelError;
use nanobot_plugin_link::ReadError;
use nanobot_protocol::{EXIT_NO_COMMON_VERSION, ErrorObject, PROTOCOL_VERSIONS};

use crate::convert;

/// Lines of stderr that a crash report shows; [`PluginExited::stderr_tail`] has more.
const LINES_IN_REPORT: usize = 5;

/// What helps a plugin that reached for what is not open to it.
const DENIED_HINT: &str = "a plugin may use its own folders only; `plugins.sandbox` in the config \
    opens others to it, if you trust it with them";

/// What a plugin left behind when its process ended; the source of the error that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginExited {
    /// How the process ended; `None` if even SIGKILL did not end it.
    pub status: Option<ExitStatus>,
    /// The last lines that it wrote to stderr.
    pub stderr_tail: Vec<String>,
}

impl std::fmt::Display for PluginExited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let skipped = self.stderr_tail.len().saturating_sub(LINES_IN_REPORT);
        match &self.stderr_tail[skipped..] {
            [] => write!(f, "it wrote nothing to stderr"),
            lines => write!(f, "it last wrote: {}", lines.join(" | ")),
        }
    }
}

impl std::error::Error for PluginExited {}

/// How a process and its link ended.
pub(crate) struct Ending {
    pub(crate) exited: PluginExited,
    pub(crate) was_forced: bool,
    pub(crate) read_error: Option<ReadError>,
}

impl Ending {
    /// The error of a plugin that ended without being asked to; `reason` is what it gave itself.
    pub(crate) fn into_error(self, reason: Option<ErrorObject>) -> ChannelError {
        let error = match (reason, self.read_error) {
            (Some(reason), _) => convert::error(reason),
            (None, Some(error)) => ChannelError::internal(format!(
                "the plugin was stopped because its output cannot be read: {}",
                cause(&error)
            )),
            (None, None) if self.was_forced => {
                ChannelError::internal("the plugin closed its side of the link but did not exit")
            }
            (None, None) if has_no_common_version(self.exited.status) => no_common_version(),
            (None, None) => ChannelError::internal(describe(self.exited.status)),
        };
        self.exited.cause(error)
    }
}

impl PluginExited {
    /// Makes this the cause of an error.
    pub(crate) fn cause(self, error: ChannelError) -> ChannelError {
        let error = match error.hint() {
            None if self.was_denied_something() => error.with_hint(DENIED_HINT),
            _ => error,
        };
        error.with_log(self.stderr_tail.clone()).with_source(self)
    }

    /// Whether it last complained in the system's words of being kept from something.
    fn was_denied_something(&self) -> bool {
        let words = ["permission denied", "eacces", "permissionerror"];
        let is_complaint = |line: &String| {
            let line = line.to_lowercase();
            words.iter().any(|word| line.contains(word))
        };
        self.stderr_tail.iter().any(is_complaint)
    }
}

fn cause(error: &ReadError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn has_no_common_version(status: Option<ExitStatus>) -> bool {
    status.and_then(|status| status.code()) == Some(i32::from(EXIT_NO_COMMON_VERSION))
}

fn no_common_version() -> ChannelError {
    ChannelError::invalid(format!(
        "the plugin speaks none of the protocol versions of this nanobot {PROTOCOL_VERSIONS:?}"
    ))
    .with_hint("update nanobot and the plugin")
}

fn describe(status: Option<ExitStatus>) -> String {
    let Some(status) = status else {
        return "plugin does not end".into();
    };
    if let Some(code) = status.code() {
        return format!("plugin exited with status {code}");
    }
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("plugin was killed by signal {signal}");
    }
    "plugin exited".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_that_was_denied_something_is_explained_unless_it_explains_itself() {
        let left = |line: &str| PluginExited { status: None, stderr_tail: vec![line.to_owned()] };
        let crash = || ChannelError::internal("plugin exited with status 1");
        let denied = "PermissionError: [Errno 13] Permission denied: '/home/ada/.nanobot/x'";
        assert_eq!(left(denied).cause(crash()).hint(), Some(DENIED_HINT));
        assert_eq!(left("Error: EACCES, open '/x'").cause(crash()).hint(), Some(DENIED_HINT));
        assert_eq!(left("KeyError: 'token'").cause(crash()).hint(), None);
        let own = crash().with_hint("set a token");
        assert_eq!(left(denied).cause(own).hint(), Some("set a token"));
    }

    #[test]
    fn report_shows_the_last_lines_of_stderr() {
        let line = |number: usize| format!("line {number}");
        let mut exited = PluginExited { status: None, stderr_tail: Vec::new() };
        assert_eq!(exited.to_string(), "it wrote nothing to stderr");
        exited.stderr_tail = (1..=7).map(line).collect();
        assert_eq!(exited.to_string(), "it last wrote: line 3 | line 4 | line 5 | line 6 | line 7");
    }
}
