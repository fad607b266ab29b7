use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::ChannelError;

/// What a channel may use while it logs in.
#[derive(Clone)]
pub struct LoginContext {
    /// Private folder, the same that the running channel gets; credentials belong here.
    pub state_dir: PathBuf,
    ui: Arc<dyn LoginUi>,
}

/// Something to show to the person who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginPrompt {
    /// Text to show as a QR code.
    Qr {
        /// What the code says.
        data: String,
        /// When it stops working.
        expires_in: Option<Duration>,
    },
    /// An address to open.
    Url(String),
    /// A code to type in elsewhere.
    Code(String),
    /// A line of text.
    Message(String),
}

/// The person who logs in. Implemented by the command line and by the plugin link.
#[async_trait]
pub trait LoginUi: Send + Sync {
    /// Shows something.
    async fn show(&self, prompt: LoginPrompt) -> Result<(), ChannelError>;
    /// Asks for a line of text, hidden while typed if it is secret.
    async fn ask(&self, question: &str, is_secret: bool) -> Result<String, ChannelError>;
}

impl LoginContext {
    /// A context around somebody to ask.
    #[must_use]
    pub fn new(state_dir: PathBuf, ui: Arc<dyn LoginUi>) -> Self {
        Self { state_dir, ui }
    }

    /// Shows a QR code, a link, a code or a line.
    ///
    /// # Errors
    ///
    /// Fails if nobody is there to see it.
    pub async fn show(&self, prompt: LoginPrompt) -> Result<(), ChannelError> {
        self.ui.show(prompt).await
    }

    /// Asks for a line of text.
    ///
    /// # Errors
    ///
    /// Kind `Cancelled` if the person gave up.
    pub async fn ask(&self, question: &str) -> Result<String, ChannelError> {
        self.ui.ask(question, false).await
    }

    /// Asks for a line of text that must not be seen.
    ///
    /// # Errors
    ///
    /// Kind `Cancelled` if the person gave up.
    pub async fn ask_secret(&self, question: &str) -> Result<String, ChannelError> {
        self.ui.ask(question, true).await
    }
}

impl std::fmt::Debug for LoginContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginContext").finish_non_exhaustive()
    }
}
