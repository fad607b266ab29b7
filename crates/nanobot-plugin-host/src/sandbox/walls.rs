use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::Access;

/// The newest rules that are asked for; a kernel that does not know some of them keeps the others.
const NEWEST: ABI = ABI::V6;

/// Rules that the kernel has been told, and that are not in force yet.
pub(super) struct Walls(RulesetCreated);

impl Walls {
    /// Whether this kernel can build them.
    pub(super) fn are_available() -> bool {
        static AVAILABLE: OnceLock<bool> = OnceLock::new();
        *AVAILABLE.get_or_init(|| {
            Ruleset::default()
                .set_compatibility(CompatLevel::HardRequirement)
                .handle_access(AccessFs::from_all(ABI::V1))
                .and_then(Ruleset::create)
                .is_ok()
        })
    }

    pub(super) fn around(access: &Access) -> io::Result<Self> {
        rules(access).map(Self).map_err(io::Error::other)
    }

    /// Locks in the current thread and all processes it will start. Allocates nothing.
    pub(super) fn close(self) -> io::Result<()> {
        match self.0.restrict_self() {
            Ok(status) if status.ruleset != RulesetStatus::NotEnforced => Ok(()),
            _ => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }
}

fn rules(access: &Access) -> Result<RulesetCreated, RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    let kinds = [
        (&access.readable, AccessFs::from_read(NEWEST)),
        (&access.writable, AccessFs::from_all(NEWEST)),
    ];
    for (paths, access) in kinds {
        // What does not exist on this machine needs no rule.
        for (path, opened) in paths.iter().filter_map(opened) {
            let access = if path.is_dir() { access } else { access & AccessFs::from_file(NEWEST) };
            rules = rules.add_rule(PathBeneath::new(opened, access))?;
        }
    }
    Ok(rules)
}

fn opened(path: &PathBuf) -> Option<(&PathBuf, PathFd)> {
    Some((path, PathFd::new(path).ok()?))
}
