//! The text of documents.
//!
//! PDF through `lopdf`, whose decoders take limits; office files are archives of XML and are read
//! by `zip` and `quick-xml` piece by piece, because the libraries for each format load whole
//! documents without a bound. A file that makes a library panic, or takes too long, is a file
//! without text; those that never end hold up nothing else. Files
//! that are text themselves go the same way, within the same bounds.

#[cfg(feature = "documents")]
mod office;
#[cfg(feature = "documents")]
mod pdf;
mod places;
mod plain;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::shelf::make_room;
use places::Places;

/// Largest file that is read.
const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024;
/// Text of one document; what is longer is cut.
const MAX_TEXT_BYTES: usize = 2 * 1024 * 1024;
/// Longest time for one document.
const MAX_TIME: Duration = Duration::from_secs(30);
/// Whole texts that are kept, together.
const MAX_KEPT_BYTES: u64 = 256 * 1024 * 1024;

/// A format whose text can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Pdf,
    Docx,
    Xlsx,
    Pptx,
    /// Text, table or slides of OpenDocument.
    OpenDocument,
    /// Text as it is: notes, tables, data, source code.
    Plain,
}

/// Knows a format by the start of the file, and the archives of offices also by their name.
pub(super) fn format_of(path: &Path, start: &[u8]) -> Option<Format> {
    if start.starts_with(b"%PDF-") {
        return Some(Format::Pdf);
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let ending = ending.to_ascii_lowercase();
    match ending.as_str() {
        _ if plain::is_text(start, &ending) => Some(Format::Plain),
        _ if !start.starts_with(b"PK\x03\x04") => None,
        "docx" | "docm" => Some(Format::Docx),
        "xlsx" | "xlsm" => Some(Format::Xlsx),
        "pptx" | "pptm" => Some(Format::Pptx),
        "odt" | "ods" | "odp" => Some(Format::OpenDocument),
        _ => None,
    }
}

/// What one document may cost.
#[derive(Debug, Clone, Copy)]
struct Limits {
    deadline: Instant,
    text_bytes: usize,
}

#[cfg_attr(not(feature = "documents"), expect(dead_code, reason = "nothing is read"))]
impl Limits {
    /// Whether to go on reading.
    fn allow(&self, text: &str) -> bool {
        text.len() < self.text_bytes && Instant::now() < self.deadline
    }
}

/// The text of a document, or the beginning of it.
pub(super) struct Excerpt {
    name: String,
    shown: String,
    /// Characters of the whole.
    total: usize,
    /// Where the whole text is, if it is longer.
    whole: Option<PathBuf>,
}

/// Reads documents; their whole texts are kept in a folder for the tools.
pub(super) struct Documents {
    folder: Option<PathBuf>,
    places: Places,
}

impl Documents {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, places: Places::new(MAX_TIME) }
    }

    /// Reads the text of a document.
    ///
    /// # Errors
    ///
    /// Returns why there is none, for the model.
    pub(super) async fn read(
        &self,
        path: &Path,
        format: Format,
        max_chars: usize,
    ) -> Result<Excerpt, String> {
        let (file, folder) = (path.to_owned(), self.folder.clone());
        let work = move || {
            let text = extract(&file, format)?;
            Ok(Excerpt::new(&file, text, max_chars, folder.as_deref()))
        };
        self.places.run(work).await
    }
}

fn extract(path: &Path, format: Format) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_FILE_BYTES / (1024 * 1024)));
    }
    let limits = Limits { deadline: Instant::now() + MAX_TIME, text_bytes: MAX_TEXT_BYTES };
    let text = match format {
        Format::Plain => plain::text_of(&bytes, limits.text_bytes)?,
        document => text_of(&bytes, document, &limits)?,
    };
    let text = text.replace('\0', "");
    if text.trim().is_empty() {
        return Err(match format {
            Format::Plain => "there is none".to_owned(),
            _ => "there is none; it may be made of pictures".to_owned(),
        });
    }
    Ok(text.trim().to_owned())
}

#[cfg(feature = "documents")]
fn text_of(bytes: &[u8], format: Format, limits: &Limits) -> Result<String, String> {
    match format {
        Format::Pdf => pdf::text_of(bytes, limits),
        office => office::text_of(bytes, office, limits),
    }
}

#[cfg(not(feature = "documents"))]
fn text_of(_: &[u8], _: Format, _: &Limits) -> Result<String, String> {
    Err("this build of nanobot reads no documents".to_owned())
}

impl Excerpt {
    fn new(path: &Path, text: String, max_chars: usize, folder: Option<&Path>) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let total = text.chars().count();
        if total <= max_chars {
            return Self { name, shown: text, total, whole: None };
        }
        let whole = folder.and_then(|folder| keep(folder, &name, &text));
        let shown = text.chars().take(max_chars).collect();
        Self { name, shown, total, whole }
    }

    /// The text between two marks; takes what it needs from the room that is left.
    pub(super) fn shown(self, room: &mut usize) -> String {
        let Self { name, shown, total, whole } = self;
        let shown: String = shown.chars().take(*room).collect();
        let length = shown.chars().count();
        *room -= length;
        let mut text = format!("\n\n[Text of {name}]\n{shown}\n[End of {name}");
        if length < total {
            text.push_str(&format!(": only {length} of {total} characters are shown"));
        }
        if let Some(whole) = whole {
            text.push_str(&format!("; the rest is in {}", whole.display()));
        }
        text.push(']');
        text
    }
}

/// Keeps a whole text where the tools can read it. Without it the beginning is still shown.
fn keep(folder: &Path, name: &str, text: &str) -> Option<PathBuf> {
    let hash = Sha256::digest(text.as_bytes());
    let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let path = folder.join(format!("{hash}-{name}.txt"));
    let kept = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
    kept.inspect_err(|error| tracing::warn!(%error, "Could not keep the text of a document."))
        .ok()?;
    make_room(folder, MAX_KEPT_BYTES);
    Some(path)
}
