use crate::file::locate::Locator;
use crate::key_path::KeyPath;
use crate::spelling;
use crate::warning::{ConfigWarning, WarningKind};

/// Finding a line means walking the text, which a file full of mistakes would make slow.
const MOST_LOCATED: usize = 200;

/// Collects warnings and finds the lines they are about.
pub(crate) struct Notes<'a> {
    locator: &'a Locator<'a>,
    warnings: Vec<ConfigWarning>,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(locator: &'a Locator<'a>) -> Notes<'a> {
        Notes { locator, warnings: Vec::new() }
    }

    /// Adds a warning whose message is the path followed by `remark`.
    pub(crate) fn add(
        &mut self,
        kind: WarningKind,
        path: &KeyPath,
        remark: &str,
        hint: Option<String>,
    ) {
        let is_located = self.warnings.len() < MOST_LOCATED;
        let position = is_located.then(|| self.locator.key(path)).flatten();
        self.warnings.push(ConfigWarning {
            kind,
            path: path.to_string(),
            line: position.map(|position| position.line),
            message: format!("{path} {remark}"),
            hint,
        });
    }

    /// Adds a warning about an environment variable.
    pub(crate) fn add_variable(&mut self, kind: WarningKind, name: &str, remark: &str) {
        self.warnings.push(ConfigWarning {
            kind,
            path: name.to_owned(),
            line: None,
            message: format!("environment variable {name} {remark}"),
            hint: None,
        });
    }

    /// Adds a warning about a name that none of `known` is, with a guess at the one that was meant.
    pub(crate) fn unknown<'k>(
        &mut self,
        kind: WarningKind,
        path: &KeyPath,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let hint = did_you_mean(name, known);
        self.add(kind, path, "is not a known key", hint);
    }

    pub(crate) fn into_warnings(self) -> Vec<ConfigWarning> {
        self.warnings
    }
}

pub(crate) fn did_you_mean<'k>(
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> Option<String> {
    let closest = spelling::closest(name, known)?;
    Some(format!("did you mean {closest:?}?"))
}
