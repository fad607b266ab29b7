use crate::error::ConfigErrorKind;
use crate::key_path::KeyPath;

/// An error before its place in the file is known.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) kind: ConfigErrorKind,
    /// Key that it is about, in the canonical spelling.
    pub(crate) path: KeyPath,
    /// Rest of the sentence that begins with the path.
    pub(crate) complaint: String,
    pub(crate) hint: Option<String>,
}

impl Problem {
    pub(crate) fn invalid(path: &KeyPath, complaint: String, hint: Option<String>) -> Problem {
        Problem { kind: ConfigErrorKind::Invalid, path: path.clone(), complaint, hint }
    }

    /// Covers what the schema cannot say. The cause is left out because it may quote a secret.
    pub(crate) fn from_serde(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
        use serde_path_to_error::Segment;
        let path = error.path().iter().fold(KeyPath::default(), |path, segment| match segment {
            Segment::Map { key } => path.key(key),
            Segment::Seq { index } => path.index(*index),
            Segment::Enum { .. } | Segment::Unknown => path,
        });
        Problem::invalid(&path, "has a value that does not fit".to_owned(), None)
    }
}
