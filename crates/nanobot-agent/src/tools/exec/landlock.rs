//! Walls of the Linux kernel around a command.
//!
//! See [Landlock](https://docs.kernel.org/userspace-api/landlock.html).

use std::path::PathBuf;

use crate::tool::ToolError;

/// What a command may touch; everything else is denied.
#[derive(Debug, Clone, Default)]
pub(super) struct Walls {
    /// Files that can be read and run.
    pub(super) readable: Vec<PathBuf>,
    /// Files that can be written as well.
    pub(super) writable: Vec<PathBuf>,
}

#[cfg(target_os = "linux")]
mod kernel {
    use landlock::{
        ABI, Access, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
        RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    };

    use super::{ToolError, Walls};

    /// The newest rules that are asked for; a kernel that does not know some of them keeps the
    /// others.
    const NEWEST: ABI = ABI::V6;

    impl Walls {
        /// Whether this kernel can build them.
        pub(in super::super) fn are_available() -> bool {
            Ruleset::default()
                .set_compatibility(CompatLevel::HardRequirement)
                .handle_access(AccessFs::from_all(ABI::V1))
                .and_then(Ruleset::create)
                .is_ok()
        }

        /// Locks in the current thread and all processes it will start.
        pub(in super::super) fn enter(&self) -> Result<(), ToolError> {
            let locked = self.rules().and_then(RulesetCreated::restrict_self);
            match locked {
                Ok(status) if status.ruleset != RulesetStatus::NotEnforced => Ok(()),
                _ => Err(ToolError::new("the command was not run, because it cannot be locked in")),
            }
        }

        fn rules(&self) -> Result<RulesetCreated, RulesetError> {
            let mut rules = Ruleset::default()
                .handle_access(AccessFs::from_all(NEWEST))?
                .scope(Scope::from_all(NEWEST))?
                .create()?;
            let kinds = [
                (&self.readable, AccessFs::from_read(NEWEST)),
                (&self.writable, AccessFs::from_all(NEWEST)),
            ];
            for (paths, access) in kinds {
                // What does not exist on this machine needs no rule.
                for path in paths.iter().filter_map(|path| PathFd::new(path).ok().zip(Some(path))) {
                    let (opened, path) = path;
                    let access =
                        if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
                    rules = rules.add_rule(PathBeneath::new(opened, access))?;
                }
            }
            Ok(rules)
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Walls {
    pub(super) fn are_available() -> bool {
        false
    }

    pub(super) fn enter(&self) -> Result<(), ToolError> {
        Err(ToolError::new(
            "the command was not run, because it cannot be locked in on this system",
        ))
    }
}
