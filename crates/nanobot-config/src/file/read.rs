use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::ConfigFile;
use crate::error::{ConfigError, ConfigErrorKind, Position};

/// Some editors put it in front of a text; it means nothing.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads no more than the largest size allowed, whatever the file claims to be.
pub(crate) fn bounded(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            ConfigError::new(ConfigErrorKind::Missing, path, "config file not found")
                .hinting("run `nanobot onboard` to create it".to_owned())
                .caused_by(error)
        }
        _ => read_error(path, error),
    })?;
    let mut bytes = Vec::new();
    file.take(ConfigFile::MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| read_error(path, error))?;
    check_size(path, bytes.len())?;
    Ok(bytes)
}

pub(crate) fn check_size(path: &Path, bytes: usize) -> Result<(), ConfigError> {
    if bytes <= ConfigFile::MAX_BYTES {
        return Ok(());
    }
    let mebibytes = ConfigFile::MAX_BYTES / (1024 * 1024);
    let message = format!("the file is larger than {mebibytes} MiB");
    Err(ConfigError::new(ConfigErrorKind::Invalid, path, message))
}

pub(crate) fn text(path: &Path, bytes: &[u8]) -> Result<String, ConfigError> {
    let bytes = without_byte_order_mark(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let readable = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let last_line = readable.rsplit('\n').next().unwrap_or_default();
        let position = Position {
            line: readable.matches('\n').count() + 1,
            column: last_line.chars().count() + 1,
        };
        ConfigError::new(ConfigErrorKind::Syntax, path, "the text is not UTF-8")
            .at(Some(position))
            .caused_by(error)
    })?;
    Ok(text.to_owned())
}

pub(crate) fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

fn read_error(path: &Path, error: std::io::Error) -> ConfigError {
    ConfigError::new(ConfigErrorKind::Io, path, "failed to read the config file").caused_by(error)
}
