//! What one message says, and what comes with it.

use super::files::Attached;
use super::refusal::Refusal;
use super::request::{ChatMessage, Content, Part};

/// Stands in an earlier message for something that is not text.
const LEFT_OUT: &str = "[attachment]";

/// The text of a message. `attach` takes what is not text, and says what stands for it, if anything.
fn read(
    content: Option<Content>,
    mut attach: impl FnMut(usize, Part) -> Result<Option<String>, Refusal>,
) -> Result<String, Refusal> {
    let parts = match content {
        None => return Ok(String::new()),
        Some(Content::Text(text)) => return Ok(text),
        Some(Content::Parts(parts)) => parts,
    };
    let mut texts = Vec::new();
    for (index, part) in parts.into_iter().enumerate() {
        match part {
            Part::Text { text } => texts.push(text),
            other => texts.extend(attach(index, other)?),
        }
    }
    Ok(texts.join("\n"))
}

/// The text of an earlier message.
pub(super) fn text_of(message: ChatMessage) -> Result<String, Refusal> {
    read(message.content, |_, _| Ok(Some(LEFT_OUT.to_owned())))
}

/// The text of the question, with what is attached to it. `place` is its place in the request.
pub(super) fn with_attachments(
    message: ChatMessage,
    place: usize,
) -> Result<(String, Vec<Attached>), Refusal> {
    let mut attached = Vec::new();
    let text = read(message.content, |index, part| {
        let read = match part {
            Part::Text { .. } => return Ok(None),
            Part::ImageUrl { image_url } => Attached::of_url(image_url.url),
            Part::File { file } => Attached::of_file(&file),
        };
        let place = format!("messages[{place}].content[{index}]");
        attached.push(read.map_err(|why| Refusal::invalid(why).at(place))?);
        Ok(None)
    })?;
    Ok((text, attached))
}
