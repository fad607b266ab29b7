//! Asking a person before something is done.

use async_trait::async_trait;

/// Asks the person whom the turn answers.
#[async_trait]
pub trait Approver: Send + Sync {
    /// Asks, and waits for the answer. Dropping the future takes the question back.
    async fn ask(&self, question: &str) -> Permission;
}

/// What a person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Yes.
    Granted,
    /// No.
    Refused,
    /// Nothing, in the time there was.
    Unanswered,
}
