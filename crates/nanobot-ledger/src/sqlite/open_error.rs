use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a ledger file could not be opened. The file is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("the ledger {} is in use by another nanobot", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A newer version has written it.
    #[error(
        "the ledger {} has version {found}, this nanobot knows versions up to {known}",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// Newest version that is understood.
        known: u32,
    },
    /// It is no database, or parts of it are lost.
    #[error("the ledger {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        source: Cause,
    },
    /// It is a database of something else.
    #[error("{} is a database, but not a ledger of nanobot", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("the ledger {} cannot be written", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: Cause,
    },
    /// Anything else.
    #[error("cannot open the ledger {}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: Cause,
    },
}

impl OpenError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::InUse { .. } => {
                "stop the other gateway first, or give this one a data directory of its own".into()
            }
            Self::Newer { .. } => {
                "update nanobot, or restore the copy made before the update".into()
            }
            Self::Damaged { path, .. } => format!(
                "nothing was changed; copy {0} and {0}-wal to a safe place, restore both from a backup, \
                 or rescue what is readable with `sqlite3 {0} .recover`; if you move both away, \
                 nanobot begins with an empty ledger",
                path.display()
            ),
            Self::Foreign { .. } => {
                "move the file away, or give nanobot another data directory".into()
            }
            Self::ReadOnly { path, .. } => {
                let directory = path.parent().unwrap_or(path);
                format!("make {} and the files in it writable for this user", directory.display())
            }
            Self::Other { .. } => return None,
        };
        Some(hint)
    }

    pub(super) fn damaged(path: &Path, source: impl Into<Cause>) -> Self {
        Self::Damaged { path: path.to_owned(), source: source.into() }
    }

    pub(super) fn read_only(path: &Path) -> Self {
        Self::ReadOnly { path: path.to_owned(), source: "it can be read only".into() }
    }

    pub(super) fn other(path: &Path, source: impl Into<Cause>) -> Self {
        Self::Other { path: path.to_owned(), source: source.into() }
    }

    pub(super) fn from_sqlite(path: &Path, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::InUse { path },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, source: error.into() }
            }
            // The file is there by now: it is its log that cannot be made beside it.
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly { path, source: error.into() }
            }
            _ => Self::Other { path, source: error.into() },
        }
    }
}
