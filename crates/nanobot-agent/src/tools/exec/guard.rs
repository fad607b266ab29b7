//! Commands that are not run, or not without a question.
//!
//! This catches accidents, and nobody who wants to get around it; the walls are those of the
//! sandbox.

use std::sync::LazyLock;

use regex::RegexSet;

use crate::tool::ToolError;
use crate::tools::web::Networks;

/// Commands that destroy a machine, or stop it.
const DENIED: [&str; 9] = [
    r"\brm\s([^;&|\n]*\s)?(-\w*[rRf]\w*|--(recursive|force|no-preserve-root))\b",
    r"\b(mkfs(\.\w+)?|diskpart|wipefs)\b",
    r"\bdd\b.*\bif=",
    r">\s*/dev/(sd|hd|nvme|vd|xvd|mmcblk)",
    r"(?m)(^\s*|[;&|]\s*)(sudo\s+)?(shutdown|reboot|poweroff|halt)\b",
    r":\(\)\s*\{.*\}\s*;\s*:",
    r"(^|[;&|]\s*)format\b",
    r"(?m)\bchmod\s+(-\w+\s+)*0?777\s+/\s*$",
    r"\bfind\b.*\s-delete\b",
];

static DENIED_SET: LazyLock<RegexSet> =
    LazyLock::new(|| RegexSet::new(DENIED).expect("the patterns are valid, as a test shows"));

/// Judges commands.
pub(super) struct Guard {
    networks: Networks,
}

impl Guard {
    pub(super) fn new(allowed_networks: &[String]) -> Self {
        Self { networks: Networks::new(allowed_networks) }
    }

    /// Whether a command looks like an accident.
    pub(super) fn is_dangerous(&self, command: &str) -> bool {
        DENIED_SET.is_match(command)
    }

    /// Refuses what nobody may allow in a chat.
    pub(super) fn check(&self, command: &str) -> Result<(), ToolError> {
        if self.names_private_host(command) {
            return Err(ToolError::new(
                "the command was not run, because it names an address of a private network",
            ));
        }
        Ok(())
    }

    fn names_private_host(&self, command: &str) -> bool {
        let starts = ["http://", "https://"];
        starts.iter().any(|start| {
            command.match_indices(start).any(|(place, _)| {
                let rest = &command[place..];
                let end = rest
                    .find(|letter: char| letter.is_whitespace() || "\"'`;|&<>)".contains(letter));
                let url = &rest[..end.unwrap_or(rest.len())];
                reqwest::Url::parse(url).is_ok_and(|url| self.networks.is_private_literal(&url))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_commands_are_denied_and_others_are_not() {
        let guard = Guard::new(&[]);
        for denied in [
            "rm -rf /",
            "rm -r folder",
            "rm -f file",
            "rm folder -r",
            "rm --recursive --force folder",
            "sudo rm -v -rf x",
            "mkfs.ext4 /dev/sda1",
            "dd if=/dev/zero of=/dev/sda",
            "cat x > /dev/sda",
            "sync; reboot",
            "shutdown -h now",
            "sync\nreboot",
            "cd /\n  sudo halt",
            "chmod 777 /\nls",
            ":(){ :|:& };:",
            "find . -delete",
            "curl http://169.254.169.254/latest",
            "curl 'http://localhost:18790/x'",
            "wget http://[::1]/",
        ] {
            assert!(guard.is_dangerous(denied) || guard.check(denied).is_err(), "{denied}");
        }
        for allowed in [
            "ls -rf",
            "rm file.txt",
            "rm file.txt; ls -rf",
            "rm a-r",
            "git commit -m 'reboot the plan'",
            "cargo fmt --check",
            "echo format me",
            "curl https://example.org/a",
            "add if=1",
        ] {
            assert!(!guard.is_dangerous(allowed), "{allowed}");
            assert!(guard.check(allowed).is_ok(), "{allowed}");
        }
    }

    #[test]
    fn allowed_networks_may_be_named() {
        let guard = Guard::new(&["10.0.0.0/8".to_owned()]);
        assert!(guard.check("curl http://10.1.2.3/").is_ok());
        assert!(guard.check("curl http://192.168.1.1/").is_err());
    }
}
