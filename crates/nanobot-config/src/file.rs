//! What was typed: loading, editing and saving the text.

mod edit;
mod fill;
mod fresh;
pub(crate) mod locate;
mod read;
mod save;
mod syntax;

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::environment::Environment;
use crate::error::{ConfigError, ConfigErrorKind, Position};
use crate::key_path::KeyPath;
use crate::model::Config;
use crate::resolve;
use edit::Edit;
use locate::Locator;

/// The text of the configuration file, kept as typed.
///
/// Comments and trailing commas are accepted. Edits change only what they are about: comments, order, unknown
/// keys and the spelling of keys stay. `Debug` does not show the text, because it may hold secrets.
#[derive(Clone)]
pub struct ConfigFile {
    path: PathBuf,
    text: String,
    value: Value,
    /// Content of the file when it was loaded or last saved; none if there is no file yet.
    on_disk: Option<Vec<u8>>,
}

impl ConfigFile {
    /// Bytes of the largest file that is read: 4 MiB.
    pub const MAX_BYTES: usize = 4 * 1024 * 1024;

    /// Reads and parses the file.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::Missing`] if there is none, [`ConfigErrorKind::Io`] if it cannot be read, and as for
    /// [`ConfigFile::parse`].
    pub fn load(path: &Path) -> Result<ConfigFile, ConfigError> {
        let bytes = read::bounded(path)?;
        let text = read::text(path, &bytes)?;
        let file = ConfigFile::parse(path, text)?;
        Ok(ConfigFile { on_disk: Some(bytes), ..file })
    }

    /// Parses a text as the content of the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::Syntax`] with the place if it is not JSON, [`ConfigErrorKind::Invalid`] if it is not
    /// an object or longer than [`ConfigFile::MAX_BYTES`].
    pub fn parse(path: &Path, text: String) -> Result<ConfigFile, ConfigError> {
        read::check_size(path, text.len())?;
        let object = syntax::object(path, &text)?;
        Ok(ConfigFile {
            path: path.to_owned(),
            on_disk: Some(text.clone().into_bytes()),
            text,
            value: Value::Object(object),
        })
    }

    /// Makes the small file that a new user gets. It is not written until [`ConfigFile::save`], which refuses if
    /// a file has appeared at `path` by then.
    #[must_use]
    pub fn new_with_defaults(path: &Path) -> ConfigFile {
        let object = syntax::object(path, fresh::TEXT).expect("a test parses the constant");
        ConfigFile {
            path: path.to_owned(),
            text: fresh::TEXT.to_owned(),
            value: Value::Object(object),
            on_disk: None,
        }
    }

    /// Replaces the whole content by that of a new file; saving keeps the previous content as the backup.
    pub fn reset_to_defaults(&mut self) {
        let fresh = ConfigFile::new_with_defaults(&self.path);
        self.text = fresh.text;
        self.value = fresh.value;
    }

    /// Returns where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the text, with all edits so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text as a JSON value: always an object, nothing renamed or resolved.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Tells whether the text differs from what is on disk as far as this value knows.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        let on_disk = self.on_disk.as_deref().map(read::without_byte_order_mark);
        on_disk != Some(self.text.as_bytes())
    }

    /// Returns where the value at a path of keys begins, or else the innermost value around it that is in the
    /// text. Both spellings of a key are one key.
    #[must_use]
    pub fn position(&self, path: &[&str]) -> Option<Position> {
        let path = KeyPath::of(path.iter().copied());
        Locator::new(&self.text).around(&path)
    }

    /// Finds out what the file means, with the environment and the defaults for what it leaves open.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::Invalid`] with the place of the first value that does not fit,
    /// [`ConfigErrorKind::Variable`] with the place of the first `${VAR}` without a value. Unknown keys and the
    /// like are no errors but [`Config::warnings`].
    pub fn resolve(&self, environment: &Environment) -> Result<Config, ConfigError> {
        resolve::resolve(self, environment)
    }

    /// Adds what is missing in the section of a channel, the section itself included.
    ///
    /// Objects are filled recursively; whatever exists is left alone, in whichever spelling its key is. Returns
    /// the paths that were added, e.g. `channels.webhook.port`.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::Invalid`] if `channels` or the section is not an object, or if the name is that of a
    /// setting for all channels. The text is then unchanged.
    pub fn fill_channel(
        &mut self,
        name: &str,
        defaults: &Map<String, Value>,
    ) -> Result<Vec<String>, ConfigError> {
        let edits = fill::plan(&self.path, self.object(), name, defaults)?;
        self.apply(&edits)?;
        Ok(edits.iter().map(Edit::dotted_path).collect())
    }

    /// Sets the value at a path of keys joined by dots, adding the objects on the way.
    ///
    /// A key that exists in its other spelling is changed where it is. Whether the value makes sense is found
    /// out by [`ConfigFile::resolve`], which a caller should do before saving.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::Invalid`] if the path is not one of keys, or if something on the way is not an object.
    /// The text is then unchanged.
    pub fn set(&mut self, dotted_path: &str, value: Value) -> Result<(), ConfigError> {
        let edit = Edit::along(&self.path, self.object(), dotted_path, value)?;
        // Writing the same value again could change how it is laid out.
        match edit.changes(self.object()) {
            true => self.apply(&[edit]),
            false => Ok(()),
        }
    }

    /// Writes the file if it changed.
    ///
    /// Either the whole new content is on disk afterwards or the old one. The previous content is kept beside it
    /// with `.bak` added to the name. Both have the permissions of the existing file; a new file can be read by
    /// its owner only. A symbolic link stays one.
    ///
    /// # Errors
    ///
    /// [`ConfigErrorKind::Changed`] if the file is no longer the one that was loaded, [`ConfigErrorKind::Io`] if
    /// it cannot be written. The existing file is then untouched.
    pub fn save(&mut self) -> Result<(), ConfigError> {
        if self.is_changed() {
            save::replace(&self.path, self.on_disk.as_deref(), self.text.as_bytes())?;
            self.on_disk = Some(self.text.clone().into_bytes());
        }
        Ok(())
    }

    pub(crate) fn object(&self) -> &Map<String, Value> {
        self.value.as_object().expect("parsing accepts nothing but an object")
    }

    fn apply(&mut self, edits: &[Edit]) -> Result<(), ConfigError> {
        if edits.is_empty() {
            return Ok(());
        }
        let text = edit::apply(&self.text, edits).ok_or_else(|| {
            let message = "the text cannot be changed automatically";
            ConfigError::new(ConfigErrorKind::Invalid, &self.path, message)
        })?;
        read::check_size(&self.path, text.len())?;
        self.value = Value::Object(syntax::object(&self.path, &text)?);
        self.text = text;
        Ok(())
    }
}

impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile")
            .field("path", &self.path)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}
