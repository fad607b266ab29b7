//! The events of a streamed answer.
//!
//! Lines are cut by the bounded codec of `tokio-util`; the crates for server-sent events let an
//! event grow without a limit. Of the format only what this protocol uses is read: data, comments
//! and blank lines.

use bytes::BytesMut;
use reqwest::header::CONTENT_TYPE;
use tokio_util::codec::{Decoder, LinesCodec, LinesCodecError};

use crate::provider::{ErrorKind, ProviderError};

/// Longest line, and longest event, of a stream.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// Reads one event after another from a response.
pub(crate) struct EventStream {
    response: reqwest::Response,
    lines: LinesCodec,
    buffer: BytesMut,
    data: String,
    has_ended: bool,
    /// Whether the server ignored the wish for a stream and sends one JSON document.
    is_document: bool,
    has_events: bool,
}

impl EventStream {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_document = kind.is_some_and(|kind| kind.starts_with("application/json"));
        Self {
            response,
            lines: LinesCodec::new_with_max_length(MAX_EVENT_BYTES),
            buffer: BytesMut::new(),
            data: String::new(),
            has_ended: false,
            is_document,
            has_events: false,
        }
    }

    /// The data of the next event, or nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<&str>, ProviderError> {
        self.data.clear();
        loop {
            if let Some(line) = self.next_line().await? {
                if self.take_line(&line)? {
                    break;
                }
            } else if self.data.is_empty() {
                return Ok(None);
            } else {
                break;
            }
        }
        self.has_events = true;
        Ok(Some(&self.data))
    }

    /// Why a stream that ended too early is not an answer.
    pub(crate) fn early_end(&self) -> ProviderError {
        if self.has_events {
            return ProviderError::new(ErrorKind::Network, "the answer was cut off");
        }
        ProviderError::new(ErrorKind::BadResponse, "the answer has no events")
    }

    /// Takes a line; says whether the event is complete.
    fn take_line(&mut self, line: &str) -> Result<bool, ProviderError> {
        if self.is_document {
            self.append(line)?;
            return Ok(false);
        }
        if line.is_empty() {
            return Ok(!self.data.is_empty());
        }
        if let Some(data) = line.strip_prefix("data:") {
            self.append(data.strip_prefix(' ').unwrap_or(data))?;
        }
        Ok(false)
    }

    fn append(&mut self, data: &str) -> Result<(), ProviderError> {
        if self.data.len() + data.len() > MAX_EVENT_BYTES {
            return Err(too_long());
        }
        if !self.data.is_empty() {
            self.data.push('\n');
        }
        self.data.push_str(data);
        Ok(())
    }

    async fn next_line(&mut self) -> Result<Option<String>, ProviderError> {
        loop {
            let line = if self.has_ended {
                self.lines.decode_eof(&mut self.buffer)
            } else {
                self.lines.decode(&mut self.buffer)
            };
            match line.map_err(bad_line)? {
                Some(line) => return Ok(Some(line)),
                None if self.has_ended => return Ok(None),
                None => self.read_more().await?,
            }
        }
    }

    async fn read_more(&mut self) -> Result<(), ProviderError> {
        match self.response.chunk().await {
            Ok(Some(bytes)) => self.buffer.extend_from_slice(&bytes),
            Ok(None) => self.has_ended = true,
            Err(error) => {
                return Err(ProviderError::new(ErrorKind::Network, "the answer was cut off")
                    .with_source(error.without_url()));
            }
        }
        Ok(())
    }
}

fn bad_line(error: LinesCodecError) -> ProviderError {
    match error {
        LinesCodecError::MaxLineLengthExceeded => too_long(),
        LinesCodecError::Io(error) => {
            ProviderError::new(ErrorKind::BadResponse, "the answer is not text").with_source(error)
        }
    }
}

fn too_long() -> ProviderError {
    ProviderError::new(ErrorKind::BadResponse, "an event of the answer is too long")
}
