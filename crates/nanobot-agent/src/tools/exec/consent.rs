//! Asking a person before a command is run.

use std::time::Duration;

use nanobot_config::ExecApproval;

use crate::approval::Permission;
use crate::tool::{ToolContext, ToolError};

/// Fewest backticks around the command in a question.
const SHORTEST_FENCE: usize = 3;

/// Knows which commands a person must agree to.
pub(super) struct Consent {
    when: ExecApproval,
    patience: Duration,
}

impl Consent {
    pub(super) fn new(config: &nanobot_config::Exec) -> Self {
        let patience = Duration::from_secs(config.approval_timeout.into());
        Self { when: config.approval, patience }
    }

    /// Asks the person if that is configured; fails unless the command may be run.
    pub(super) async fn get(
        &self,
        command: &str,
        is_dangerous: bool,
        cx: &ToolContext<'_>,
    ) -> Result<(), ToolError> {
        let asks = match self.when {
            ExecApproval::Never => false,
            ExecApproval::OnDenyPattern => is_dangerous,
            ExecApproval::Always => true,
        };
        match (asks, is_dangerous) {
            (true, _) => self.ask(command, cx).await,
            (false, false) => Ok(()),
            (false, true) => Err(ToolError::new(
                "the command was not run, because it looks dangerous (deletion of many files, \
                 disks, or stopping of the machine). Find a safer way, or ask the person to do it",
            )),
        }
    }

    async fn ask(&self, command: &str, cx: &ToolContext<'_>) -> Result<(), ToolError> {
        let Some(approver) = cx.approver else {
            return Err(ToolError::new(
                "the command was not run, because a person must agree to it and none can be asked \
                 from here",
            ));
        };
        let question = question(command);
        let asking = tokio::time::timeout(self.patience, approver.ask(&question));
        let why = match asking.await.unwrap_or(Permission::Unanswered) {
            Permission::Granted => return Ok(()),
            Permission::Refused => "the person was asked and did not agree. Do not try it again",
            Permission::Unanswered => "the person was asked and did not answer in time",
        };
        Err(ToolError::new(format!("the command was not run: {why}")))
    }
}

/// Shows the whole command as it is: nothing in it can leave the block or hide.
fn question(command: &str) -> String {
    let longest = command.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(SHORTEST_FENCE.max(longest + 1));
    let shown: String = command.chars().map(visible).collect();
    format!("May I run this command?\n{fence}\n{shown}\n{fence}\nAnswer yes or no.")
}

/// Letters that change how others are shown could make a command look like another one.
fn visible(letter: char) -> String {
    let is_plain = matches!(letter, '\n' | '\t') || !letter.is_control();
    let turns_text = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    if is_plain && !turns_text { letter.to_string() } else { letter.escape_unicode().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_command_hides_in_the_question() {
        #[track_caller]
        fn check(command: &str, expected: &str) {
            let expected = format!("May I run this command?\n{expected}\nAnswer yes or no.");
            assert_eq!(question(command), expected);
        }
        check("ls", "```\nls\n```");
        check("echo ```\nrm x", "````\necho ```\nrm x\n````");
        check("a\u{202e}b\r\u{1b}[2K", "```\na\\u{202e}b\\u{d}\\u{1b}[2K\n```");
    }
}
