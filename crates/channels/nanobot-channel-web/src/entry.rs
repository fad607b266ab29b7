use nanobot_channel::{Attachment, Location, StreamOutcome};
use serde::{Deserialize, Serialize};

/// One stored message: a line of the transcript, and what the page gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Grows within a conversation; the time in milliseconds since 1970, moved up where two
    /// messages share one.
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) draft: Draft,
}

/// A message before it has its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// The page's id of a person's message, the delivery id of any other.
    pub(crate) id: String,
    pub(crate) from: Author,
    pub(crate) text: String,
    /// Left out for a text that is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<StreamOutcome>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<FileNote>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Author {
    User,
    Agent,
    /// A word of the gateway itself.
    Notice,
}

/// What the page shows of an attachment: a link, or only the name of a local file, which the page
/// has no way to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileNote {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

impl From<&Attachment> for FileNote {
    fn from(file: &Attachment) -> Self {
        let (fallback, url) = match &file.location {
            Location::Url(url) => (url.clone(), Some(url.clone())),
            Location::Path(path) => {
                let name = path.file_name().unwrap_or_default();
                (name.to_string_lossy().into_owned(), None)
            }
        };
        Self { name: file.name.clone().unwrap_or(fallback), url }
    }
}

/// The title of a conversation that starts with `text`.
pub(crate) fn title_of(text: &str) -> String {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    let title = shorten(first.unwrap_or_default());
    if title.is_empty() { "Untitled".to_owned() } else { title }
}

/// A title that fits into the list.
pub(crate) fn shorten(title: &str) -> String {
    const MAX: usize = 80;
    let visible = title.trim().chars().filter(|letter| !letter.is_control());
    visible.take(MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_local_file_are_not_told() {
        let note = FileNote::from(&Attachment::from_path("/home/ada/private/report.pdf"));
        assert_eq!(note, FileNote { name: "report.pdf".to_owned(), url: None });
    }

    #[test]
    fn title_is_the_first_line_with_words() {
        assert_eq!(title_of("\n  \n What is Rust?\nTell me"), "What is Rust?");
        assert_eq!(title_of(" \n"), "Untitled");
        assert_eq!(title_of(&"ä".repeat(200)).chars().count(), 80);
    }
}
