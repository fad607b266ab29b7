use async_trait::async_trait;
use nanobot_channel::{ChannelError, ErrorKind, LoginPrompt, LoginUi};
use nanobot_plugin_link::{LinkError, Peer};
use nanobot_protocol::LoginInput;

use crate::convert;

/// The person who logs in, at the other end of the link.
pub(crate) struct LinkLoginUi {
    peer: Peer,
}

impl LinkLoginUi {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer }
    }
}

#[async_trait]
impl LoginUi for LinkLoginUi {
    async fn show(&self, prompt: LoginPrompt) -> Result<(), ChannelError> {
        let shown = self.peer.notify(&convert::login_prompt(prompt)).await;
        shown.map_err(gone_is_cancelled)
    }

    async fn ask(&self, question: &str, is_secret: bool) -> Result<String, ChannelError> {
        let question = LoginInput { prompt: question.to_owned(), secret: is_secret };
        let answer = self.peer.request(&question).await;
        answer.map(|answer| answer.value).map_err(gone_is_cancelled)
    }
}

fn gone_is_cancelled(error: LinkError) -> ChannelError {
    match error {
        LinkError::Closed => ChannelError::new(ErrorKind::Cancelled, "nobody is there to log in"),
        error => convert::link_error(error),
    }
}
