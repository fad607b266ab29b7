//! What came with a message: pictures for the model, the text of documents, a mark for each.
//!
//! Nothing here fails a turn: what cannot be had is told to the model in a few words.

mod document;
mod download;
mod shelf;

use std::path::{Path, PathBuf};

use futures_util::stream::iter;
use futures_util::{FutureExt, StreamExt};

use crate::images::{self, Unread};
use crate::provider::Image;
use crate::settings::{AgentSettings, ToolSettings};
use crate::turn::Turn;

use document::Documents;
use download::Downloads;

/// Endings of the names of pictures.
const IMAGES: [&str; 5] = ["png", "jpg", "jpeg", "gif", "webp"];
/// Attachments of one message that are looked at; of the others the model reads the names.
const MAX_LOOKED_AT: usize = 16;
/// Pictures of one message that are sent.
const MAX_IMAGES: usize = 8;
/// Attachments that are fetched or read at once.
const AT_ONCE: usize = 4;
/// Characters of all documents of one message, in texts of the length of one.
const DOCUMENTS_OF_A_MESSAGE: usize = 3;

/// Looks at attachments.
pub(crate) struct Media {
    downloads: Option<Downloads>,
    documents: Option<Documents>,
    /// Characters of one document that the model gets to see.
    max_chars: usize,
}

/// A message with what came with it.
pub(crate) struct Seen {
    /// What was written, with a mark for each attachment, and the text of documents.
    pub(crate) text: String,
    pub(crate) images: Vec<Image>,
}

/// What an attachment turned out to be.
#[derive(Default)]
struct Found {
    mark: String,
    image: Option<Image>,
    document: Option<document::Excerpt>,
}

/// What is done with a file, by its content.
enum Kind {
    Image,
    Document(document::Format),
    Other,
}

impl Media {
    pub(crate) fn new(settings: &AgentSettings) -> Self {
        let ToolSettings { config, .. } = &settings.tools;
        let folder = settings.tools.media_dir();
        let documents = settings
            .extract_document_text
            .then(|| Documents::new(folder.as_ref().map(|folder| folder.join("documents"))));
        Self {
            downloads: folder.map(|folder| Downloads::new(folder.join("downloads"), config)),
            documents,
            max_chars: settings.max_tool_result_chars as usize,
        }
    }

    /// Fetches and reads what came with a message.
    pub(crate) async fn look_at(&self, turn: &Turn) -> Seen {
        let (near, far) = turn.attachments.split_at(turn.attachments.len().min(MAX_LOOKED_AT));
        let looks: Vec<_> = near.iter().map(|place| self.look_at_one(place).boxed()).collect();
        let mut found: Vec<Found> = iter(looks).buffered(AT_ONCE).collect().await;
        found.extend(far.iter().map(|place| Found::marked(place)));
        put_together(&turn.text, found, self.max_chars * DOCUMENTS_OF_A_MESSAGE)
    }

    async fn look_at_one(&self, place: &str) -> Found {
        let path = match self.file_of(place).await {
            Ok(Some(path)) => path,
            Ok(None) => return Found::marked(place),
            Err(error) => return Found::marked(place).with_note(&error),
        };
        match kind_of(&path).await {
            Kind::Image => look_at_image(path).await,
            Kind::Document(format) => self.look_at_document(path, format).await,
            Kind::Other => Found::marked(&path.display().to_string()),
        }
    }

    /// The file that an attachment is, or has become; none if it cannot be looked at here.
    async fn file_of(&self, place: &str) -> Result<Option<PathBuf>, String> {
        if !download::is_url(place) {
            return Ok(Some(PathBuf::from(place)).filter(|path| path.is_absolute()));
        }
        match &self.downloads {
            Some(downloads) => downloads.fetch(place).await.map(Some),
            None => Ok(None),
        }
    }

    async fn look_at_document(&self, path: PathBuf, format: document::Format) -> Found {
        let found = Found::marked(&path.display().to_string());
        let Some(documents) = &self.documents else { return found };
        match documents.read(&path, format, self.max_chars).await {
            Ok(excerpt) => Found { document: Some(excerpt), ..found },
            Err(error) => found.with_note(&format!("its text cannot be read: {error}")),
        }
    }
}

async fn look_at_image(path: PathBuf) -> Found {
    let place = path.display().to_string();
    let read = tokio::task::spawn_blocking(move || images::read_image(&path)).await;
    let mark = format!("[image: {place}]");
    match read.unwrap_or(Err(Unread::NoPicture)) {
        Ok(image) => Found { mark, image: Some(image), document: None },
        Err(Unread::NoPicture) => Found::marked(&place),
        Err(Unread::TooLarge) => Found { mark, ..Found::default() }
            .with_note("it is not shown, because it is larger than 5 MiB"),
    }
}

/// Judges a file by its content; names may lie.
async fn kind_of(path: &Path) -> Kind {
    let path = path.to_owned();
    let start = tokio::task::spawn_blocking(move || {
        let start = images::start_of(&path).unwrap_or_default();
        (document::format_of(&path, &start), images::media_type(&start).is_some())
    });
    match start.await {
        Ok((_, true)) => Kind::Image,
        Ok((Some(format), _)) => Kind::Document(format),
        _ => Kind::Other,
    }
}

impl Seen {
    /// A message of which only the names of the attachments are known.
    pub(crate) fn unread(turn: &Turn) -> Self {
        let found = turn.attachments.iter().map(|place| Found::marked(place));
        put_together(&turn.text, found.collect(), 0)
    }
}

impl Found {
    fn marked(place: &str) -> Self {
        let (_, extension) = place.rsplit_once('.').unwrap_or_default();
        let is_image = IMAGES.iter().any(|image| extension.eq_ignore_ascii_case(image));
        let kind = if is_image { "image" } else { "file" };
        Self { mark: format!("[{kind}: {place}]"), ..Self::default() }
    }

    fn with_note(mut self, note: &str) -> Self {
        self.mark.push_str(&format!(" ({note})"));
        self
    }
}

/// The text with a mark for each attachment that the channel has not marked itself, then the
/// documents, as long as there is room.
fn put_together(said: &str, found: Vec<Found>, mut room: usize) -> Seen {
    let mut text = said.to_owned();
    let mut documents = String::new();
    let mut images = Vec::new();
    for one in found {
        let is_marked = one.mark.ends_with(']') && said.contains(place_in(&one.mark));
        if !is_marked {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&one.mark);
        }
        if let Some(document) = one.document {
            documents.push_str(&document.shown(&mut room));
        }
        images.extend(one.image);
    }
    images.truncate(MAX_IMAGES);
    text.push_str(&documents);
    if text.trim().is_empty() {
        text = "[empty message]".to_owned();
    }
    Seen { text, images }
}

/// What stands in a mark after its kind.
fn place_in(mark: &str) -> &str {
    let place = mark.split_once(": ").map_or(mark, |(_, place)| place);
    place.trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_are_marked_once() {
        #[track_caller]
        fn check(text: &str, attachments: &[&str], expected: &str) {
            let found = attachments.iter().map(|place| Found::marked(place)).collect();
            assert_eq!(put_together(text, found, 0).text, expected);
        }
        check("look", &["/tmp/a.pdf"], "look\n[file: /tmp/a.pdf]");
        check("look [image: /tmp/a.png]", &["/tmp/a.png"], "look [image: /tmp/a.png]");
        check("", &["https://host/a", "/b.JPG"], "[file: https://host/a]\n[image: /b.JPG]");
        check(" ", &[], "[empty message]");
    }
}
