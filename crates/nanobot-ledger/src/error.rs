/// A failure of the store behind a ledger. The call changed nothing.
#[derive(Debug, thiserror::Error)]
#[error("{action}")]
pub struct LedgerError {
    action: &'static str,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl LedgerError {
    /// A failure of `action`, written like "failed to store the message".
    #[must_use]
    pub fn new(action: &'static str) -> Self {
        Self { action, source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }
}
