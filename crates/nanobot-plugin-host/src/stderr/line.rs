use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::Level;

/// One line of a plugin's log.
#[derive(Debug, PartialEq)]
pub(super) struct LogLine {
    pub(super) level: Level,
    pub(super) message: String,
    pub(super) module: Option<String>,
    pub(super) fields: Option<String>,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(default)]
    level: String,
    message: String,
    target: Option<String>,
    #[serde(borrow)]
    fields: Option<&'a RawValue>,
}

impl LogLine {
    /// Reads a record of the log format; any other text is a message of level info.
    pub(super) fn parse(text: &str) -> Self {
        let record = text.starts_with('{').then(|| serde_json::from_str::<Record<'_>>(text).ok());
        match record.flatten() {
            Some(record) => Self {
                level: level(&record.level),
                message: harmless(record.message),
                module: record.target.map(harmless),
                fields: fields(record.fields),
            },
            None => {
                Self { level: Level::INFO, message: text.to_owned(), module: None, fields: None }
            }
        }
    }

    /// Writes it to the host's log, in the current span.
    pub(super) fn emit(&self) {
        macro_rules! emit {
            ($level:ident) => {
                tracing::$level!(
                    target: "nanobot::plugin",
                    module = self.module.as_deref(),
                    fields = self.fields.as_deref(),
                    "{}",
                    self.message
                )
            };
        }
        match self.level {
            Level::ERROR => emit!(error),
            Level::WARN => emit!(warn),
            Level::INFO => emit!(info),
            Level::DEBUG => emit!(debug),
            Level::TRACE => emit!(trace),
        }
    }
}

/// JSON brings control characters back that were kept out of the line itself.
fn harmless(text: String) -> String {
    let is_control = |letter: char| letter.is_control() && letter != '\t' && letter != '\n';
    if text.contains(is_control) { text.replace(is_control, "") } else { text }
}

fn fields(fields: Option<&RawValue>) -> Option<String> {
    fields.map(|fields| fields.get().to_owned()).filter(|text| text != "{}" && text != "null")
}

fn level(name: &str) -> Level {
    match name.to_ascii_lowercase().as_str() {
        "error" | "critical" | "fatal" => Level::ERROR,
        "warn" | "warning" => Level::WARN,
        "debug" => Level::DEBUG,
        "trace" => Level::TRACE,
        _ => Level::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, level: Level, message: &str, rest: (Option<&str>, Option<&str>)) {
        let expected = LogLine {
            level,
            message: message.to_owned(),
            module: rest.0.map(ToOwned::to_owned),
            fields: rest.1.map(ToOwned::to_owned),
        };
        assert_eq!(LogLine::parse(text), expected);
    }

    #[test]
    fn records_keep_their_level_and_other_text_is_info() {
        check(
            r#"{"level":"WARN","message":"Slow.","target":"echo::api","fields":{"ms":5}}"#,
            Level::WARN,
            "Slow.",
            (Some("echo::api"), Some(r#"{"ms":5}"#)),
        );
        check(
            r#"{"level":"error","message":"No.","fields":{}}"#,
            Level::ERROR,
            "No.",
            (None, None),
        );
        check(r#"{"message":"?"}"#, Level::INFO, "?", (None, None));
        check("plain", Level::INFO, "plain", (None, None));
        check("{not json", Level::INFO, "{not json", (None, None));
        check(r#"{"level":5}"#, Level::INFO, r#"{"level":5}"#, (None, None));
    }

    #[test]
    fn escapes_in_a_record_cannot_steer_the_terminal() {
        check(r#"{"message":"\u001b[2Jgone"}"#, Level::INFO, "[2Jgone", (None, None));
    }
}
