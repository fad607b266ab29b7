use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Sandbox;

/// Limits that a process cannot raise again.
pub(super) struct Limits([(Resource, Rlimit); 3]);

impl Limits {
    pub(super) fn of(sandbox: &Sandbox) -> Self {
        Self([
            // A dump of the memory holds tokens, and lies in a folder that people send to others.
            (Resource::Core, at_most(0, Resource::Core)),
            (Resource::Data, at_most(sandbox.max_memory_bytes, Resource::Data)),
            (Resource::Nofile, at_most(sandbox.max_open_files, Resource::Nofile)),
        ])
    }

    /// Makes them hold for this process and all that it starts. Allocates nothing.
    pub(super) fn set(&self) -> io::Result<()> {
        for (resource, limit) in &self.0 {
            setrlimit(*resource, *limit)?;
        }
        Ok(())
    }
}

/// The host's own limit may be lower already, and cannot be exceeded.
fn at_most(most: u64, resource: Resource) -> Rlimit {
    let own = getrlimit(resource).maximum;
    let limit = Some(own.map_or(most, |own| own.min(most)));
    Rlimit { current: limit, maximum: limit }
}
