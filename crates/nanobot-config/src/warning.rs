use std::fmt;

use serde::Serialize;

/// What kind of remark it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum WarningKind {
    /// A key that means nothing here; it is kept in the file.
    UnknownKey,
    /// A key is given in camelCase and in snake_case; the camelCase one counts.
    BothSpellings,
    /// A key that has no effect any more, or not in this program.
    Obsolete,
    /// A key that was read although it now belongs elsewhere.
    Moved,
    /// A `${VAR}` without a value in the section of a channel that is not enabled.
    Variable,
    /// A value that was ignored because it does not fit.
    Ignored,
}

/// Something a person should look at, although the configuration can be used.
///
/// Displayed as `line <line>: <message>`, or only the message where there is no line. Never contains a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigWarning {
    /// What kind of remark it is.
    pub kind: WarningKind,
    /// Key that it is about, as typed, e.g. `agents.defaults.modle`; or an environment variable's name.
    pub path: String,
    /// Line in the file, from 1; none if the key comes from the environment, or after very many warnings.
    pub line: Option<usize>,
    /// What was noticed, including the path.
    pub message: String,
    /// What a person may do about it.
    pub hint: Option<String>,
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}
