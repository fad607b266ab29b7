use std::sync::{Arc, PoisonError, RwLock};

use nanobot_agent::Agent;

/// The agent that answers. It may be replaced while turns run: each keeps the one that it began
/// with.
pub(crate) struct CurrentAgent(RwLock<Arc<Agent>>);

impl CurrentAgent {
    pub(crate) fn new(agent: Arc<Agent>) -> Self {
        Self(RwLock::new(agent))
    }

    pub(crate) fn get(&self) -> Arc<Agent> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on, turns begin with this one.
    pub(crate) fn replace(&self, agent: Arc<Agent>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = agent;
    }
}
