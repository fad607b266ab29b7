//! Gives channels the words of their recordings.

use std::path::Path;

use nanobot_agent::TranscriptionError;
use nanobot_agent::provider::ErrorKind as ServiceErrorKind;
use nanobot_channel::{ChannelError, ErrorKind};

use super::Intake;

impl Intake {
    pub(super) async fn words_of(&self, named: &Path) -> Result<String, ChannelError> {
        let Some(transcriber) = self.reception.transcriber() else {
            let problem = ChannelError::unsupported("transcription is not configured");
            return Err(problem.with_hint("set the key of a speech service, see `transcription`"));
        };
        let file = self.folders.own_file(named).await?;
        transcriber.transcribe(&file).await.map_err(|error| {
            tracing::warn!(channel = self.channel, %error, "A recording was not transcribed.");
            failure(error)
        })
    }
}

fn failure(error: TranscriptionError) -> ChannelError {
    let mut failed = ChannelError::new(kind_of(&error), "failed to transcribe the recording");
    if let Some(hint) = error.hint() {
        failed = failed.with_hint(hint);
    }
    if let TranscriptionError::Service(service) = &error
        && let Some(wait) = service.retry_after()
    {
        failed = failed.with_retry_after(wait);
    }
    failed.with_source(error)
}

fn kind_of(error: &TranscriptionError) -> ErrorKind {
    use ServiceErrorKind::{Network, Overloaded, RateLimited, Rejected, Stalled};
    match error {
        TranscriptionError::Service(service) => match service.kind() {
            RateLimited => ErrorKind::RateLimited,
            Network | Overloaded | Stalled => ErrorKind::Network,
            Rejected => ErrorKind::Rejected,
            // A wrong key of the service is none of the channel's platform: not `Auth`.
            _ => ErrorKind::Internal,
        },
        TranscriptionError::Timeout { .. } => ErrorKind::Network,
        _ => ErrorKind::Rejected,
    }
}
