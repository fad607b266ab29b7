use std::io::Write;

use nanobot_channel::Metadata;
use serde::Serialize;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::values::Values;

/// Writes each event as one line; the fields of its spans are fields of the event.
pub(super) struct JsonLines;

#[derive(Serialize)]
struct Line<'a> {
    level: &'a str,
    message: &'a str,
    target: &'a str,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    fields: Metadata,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut values = Values::default();
        attributes.record(&mut values);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(values);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(values) = span.extensions_mut().get_mut::<Values>()
        {
            record.record(values);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut values = Values::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Values>() {
                let missing = outer.fields.iter();
                for (name, value) in missing {
                    let slot = values.fields.entry(name.as_str());
                    slot.or_insert_with(|| value.clone());
                }
            }
        }
        event.record(&mut values);
        write(&line(event.metadata(), values));
    }
}

fn line(metadata: &tracing::Metadata<'_>, values: Values) -> Vec<u8> {
    let level = metadata.level().as_str().to_ascii_lowercase();
    let line = Line {
        level: &level,
        message: &values.message,
        target: metadata.target(),
        fields: values.fields,
    };
    let mut bytes = serde_json::to_vec(&line).expect("a log line has string keys only");
    bytes.push(b'\n');
    bytes
}

fn write(line: &[u8]) {
    // There is no other place to report that the log is gone.
    let _ = std::io::stderr().lock().write_all(line);
}
