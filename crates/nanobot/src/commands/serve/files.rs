//! Pictures and documents that come with a question.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use uuid::Uuid;

use super::request::FilePart;
use crate::private_folder;

/// Longest ending of a file's name that is kept.
const MAX_ENDING_CHARS: usize = 8;
/// Endings by which the agent knows documents; pictures and PDF it knows by their content.
const ENDINGS: [(&str, &str); 12] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("application/pdf", "pdf"),
    ("application/json", "json"),
    ("text/csv", "csv"),
    ("text/markdown", "md"),
    ("text/plain", "txt"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
];

/// Something that came with a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attached {
    /// Where it can be fetched; the agent does, by the rules of its web tools.
    Url(String),
    Content {
        bytes: Vec<u8>,
        ending: String,
    },
}

impl Attached {
    /// Reads the address of a picture, which may hold the picture itself.
    pub(super) fn of_url(url: String) -> Result<Self, String> {
        let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
        match scheme.as_str() {
            "data" => Self::of_data(&url, None),
            "http" | "https" => Ok(Self::Url(url)),
            _ => Err("the address must begin with data:, http:// or https://".to_owned()),
        }
    }

    pub(super) fn of_file(file: &FilePart) -> Result<Self, String> {
        Self::of_data(&file.file_data, file.filename.as_deref())
    }

    fn of_data(url: &str, name: Option<&str>) -> Result<Self, String> {
        let wrong = || "the content must be written as data:TYPE;base64,…".to_owned();
        let (scheme, rest) = url.split_once(':').ok_or_else(wrong)?;
        let (head, content) = rest.split_once(',').ok_or_else(wrong)?;
        let media_type = head.strip_suffix(";base64").ok_or_else(wrong)?;
        if !scheme.eq_ignore_ascii_case("data") {
            return Err(wrong());
        }
        let bytes = BASE64_STANDARD
            .decode(content)
            .map_err(|error| format!("the content is not Base64: {error}"))?;
        Ok(Self::Content { bytes, ending: ending(media_type, name) })
    }
}

/// The ending under which a file is kept. Nothing else of a name from outside is used.
fn ending(media_type: &str, name: Option<&str>) -> String {
    let named = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending);
    let is_usable = |ending: &&str| {
        (1..=MAX_ENDING_CHARS).contains(&ending.len())
            && ending.chars().all(|character| character.is_ascii_alphanumeric())
    };
    if let Some(named) = named.filter(is_usable) {
        return named.to_ascii_lowercase();
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let known = ENDINGS.iter().find(|(known, _)| known.eq_ignore_ascii_case(essence));
    known.map_or("bin", |(_, ending)| ending).to_owned()
}

/// What came with a question, as the agent takes it: addresses, and paths of files.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) places: Vec<String>,
    written: Vec<PathBuf>,
}

impl Stored {
    /// Writes contents into files of this folder.
    pub(super) async fn write(attached: Vec<Attached>, folder: PathBuf) -> anyhow::Result<Self> {
        let write = move || {
            let mut stored = Self::default();
            attached.into_iter().try_for_each(|one| stored.add(one, &folder))?;
            Ok(stored)
        };
        tokio::task::spawn_blocking(write).await?
    }

    fn add(&mut self, attached: Attached, folder: &Path) -> anyhow::Result<()> {
        let (bytes, ending) = match attached {
            Attached::Content { bytes, ending } => (bytes, ending),
            Attached::Url(url) => {
                self.places.push(url);
                return Ok(());
            }
        };
        private_folder::create(folder)?;
        let path = folder.join(format!("{}.{ending}", Uuid::now_v7().simple()));
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        self.places.push(path.display().to_string());
        self.written.push(path);
        Ok(())
    }

    /// Removes the files of a conversation that is not remembered.
    pub(super) async fn remove(&self) -> io::Result<()> {
        for path in &self.written {
            tokio::fs::remove_file(path).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_and_data_are_decoded() {
        let content = |ending: &str| {
            Ok(Attached::Content { bytes: b"hello".to_vec(), ending: ending.to_owned() })
        };
        let wrong = |why: &str| Err(why.to_owned());
        let form = "the content must be written as data:TYPE;base64,…";
        for (url, expected) in [
            ("https://host/a.png", Ok(Attached::Url("https://host/a.png".to_owned()))),
            ("data:image/png;base64,aGVsbG8=", content("png")),
            ("DATA:image/PNG;base64,aGVsbG8=", content("png")),
            ("data:text/plain;charset=utf-8;base64,aGVsbG8=", content("txt")),
            ("data:application/x-thing;base64,aGVsbG8=", content("bin")),
            ("data:text/plain,hello", wrong(form)),
            ("data:image/png;base64", wrong(form)),
            ("file:///etc/passwd", wrong("the address must begin with data:, http:// or https://")),
            ("/etc/passwd", wrong("the address must begin with data:, http:// or https://")),
        ] {
            assert_eq!(Attached::of_url(url.to_owned()), expected, "{url}");
        }
        let broken = Attached::of_url("data:image/png;base64,a?".to_owned()).unwrap_err();
        assert!(broken.starts_with("the content is not Base64: "), "{broken}");
    }

    #[test]
    fn only_a_plain_ending_of_a_name_is_used() {
        for (name, expected) in [
            (Some("Report.DOCX"), "docx"),
            (Some("a.tar.gz"), "gz"),
            (Some("../../x./y"), "pdf"),
            (Some("no-ending"), "pdf"),
            (Some("much.toolongtobekept"), "pdf"),
            (None, "pdf"),
        ] {
            assert_eq!(ending("application/pdf", name), expected, "{name:?}");
        }
    }
}
