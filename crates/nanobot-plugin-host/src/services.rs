//! What a plugin asks of the gateway beside handing over messages.

use std::path::Path;

use nanobot_channel::ChannelContext;
use nanobot_protocol::{
    AudioTranscribe, AudioTranscribeAnswer, Empty, ErrorObject, MessagePublish,
};

use crate::bounds::check_recording;
use crate::convert;
use crate::folders::Folders;

/// The gateway checks where the recording lies.
pub(crate) async fn transcribe(
    cx: ChannelContext,
    recording: AudioTranscribe,
) -> Result<AudioTranscribeAnswer, ErrorObject> {
    check_recording(&recording)?;
    match cx.transcribe_audio(Path::new(&recording.path)).await {
        Ok(text) => Ok(AudioTranscribeAnswer { text }),
        Err(error) => Err(convert::error_object(&error)),
    }
}

pub(crate) async fn publish(
    cx: ChannelContext,
    folders: Folders,
    message: MessagePublish,
) -> Result<Empty, ErrorObject> {
    let message = convert::publication(message, &folders)?;
    match cx.publish(message).await {
        Ok(()) => Ok(Empty {}),
        Err(error) => Err(convert::error_object(&error)),
    }
}
