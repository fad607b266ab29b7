//! The one place that decides the exit status.

use std::process::ExitCode;

use nanobot_channel::ChannelError;
use nanobot_config::ConfigError;
use nanobot_ledger::OpenError;
use nanobot_plugin_host::{InstallError, RemoveError};

use crate::failure::Failure;
use crate::output;

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    /// All is well.
    Success,
    /// What was asked for did not come about, and the command has said so itself.
    Failure,
    /// A person pressed Ctrl-C.
    Interrupted,
    /// A channel was served as a process, which ends with the status that the protocol asks for.
    Served(ExitCode),
}

/// What a shell reports for a process that Ctrl-C ended: 128 and the number of the signal.
const INTERRUPTED: u8 = 130;

/// Says why a command failed and gives the exit status.
pub(crate) fn report(result: anyhow::Result<Outcome>) -> ExitCode {
    match result {
        Ok(Outcome::Success) => ExitCode::SUCCESS,
        Ok(Outcome::Failure) => ExitCode::FAILURE,
        Ok(Outcome::Interrupted) => ExitCode::from(INTERRUPTED),
        Ok(Outcome::Served(status)) => status,
        // Nobody reads any more, as behind `| head`: there is nothing left to do, and nobody to tell.
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&chain(&error));
            if let Some(hint) = hint(&error) {
                output::hint(&hint);
            }
            ExitCode::FAILURE
        }
    }
}

/// Prints help, the version, or what is wrong with the command line.
pub(crate) fn report_usage(usage: &clap::Error) -> ExitCode {
    // Fails only when nobody reads.
    let _ = usage.print();
    u8::try_from(usage.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The message with its causes, as far as they say more than what stands before them.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// The first hint that one of the errors in the chain has.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let of_failure = cause.downcast_ref::<Failure>().and_then(Failure::hint);
        let of_config = || cause.downcast_ref::<ConfigError>().and_then(ConfigError::hint);
        let of_channel = || cause.downcast_ref::<ChannelError>().and_then(ChannelError::hint);
        let of_install = || cause.downcast_ref::<InstallError>().and_then(InstallError::hint);
        let of_remove = || cause.downcast_ref::<RemoveError>().and_then(RemoveError::hint);
        let of_ledger = || cause.downcast_ref::<OpenError>().and_then(OpenError::hint);
        of_failure
            .map(str::to_owned)
            .or_else(of_config)
            .or_else(of_ledger)
            .or_else(|| of_channel().map(str::to_owned))
            .or_else(of_install)
            .or_else(of_remove)
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn causes_are_told_once() {
        let error = std::io::Error::other("disk full");
        let error = anyhow::Error::new(error).context("cannot write: disk full");
        assert_eq!(chain(&error), "cannot write: disk full");
        assert_eq!(chain(&error.context("cannot start")), "cannot start: cannot write: disk full");
    }

    #[test]
    fn hint_is_found_below_other_messages() {
        let result: Result<(), _> = Err(Failure::new("no").with_hint("try again"));
        let error = result.context("it failed").unwrap_err();
        assert_eq!(hint(&error).as_deref(), Some("try again"));
    }
}
