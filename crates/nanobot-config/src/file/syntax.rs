//! The notation: JSON, with comments and trailing commas allowed and nothing else.

use std::path::Path;

use jsonc_parser::ast;
use jsonc_parser::errors::ParseError;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Value};

use crate::error::{ConfigError, ConfigErrorKind, Position};

pub(crate) fn options() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

/// Returns the tree with the places of its values; `None` for a text without a value.
pub(crate) fn tree(text: &str) -> Result<Option<ast::Value<'_>>, ParseError> {
    parse_to_ast(text, &CollectOptions::default(), &options()).map(|result| result.value)
}

/// Returns the object that the text holds.
///
/// An empty text is an error, not an empty object: it is what an interrupted write of another program leaves, and
/// reading it as "everything at its default" would hide the loss.
pub(crate) fn object(path: &Path, text: &str) -> Result<Map<String, Value>, ConfigError> {
    let tree = tree(text).map_err(|error| syntax_error(path, &error))?;
    let invalid = |message: &str| ConfigError::new(ConfigErrorKind::Invalid, path, message);
    match tree.map(Value::from) {
        Some(Value::Object(object)) => Ok(object),
        Some(_) => Err(invalid("the file must hold an object: { … }")),
        None => Err(ConfigError::new(ConfigErrorKind::Syntax, path, "the file is empty")
            .hinting("restore it from config.json.bak, or write {} into it".to_owned())),
    }
}

fn syntax_error(path: &Path, error: &ParseError) -> ConfigError {
    let position = Position { line: error.line_display(), column: error.column_display() };
    let mut message = error.kind().to_string();
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    ConfigError::new(ConfigErrorKind::Syntax, path, message).at(Some(position))
}
