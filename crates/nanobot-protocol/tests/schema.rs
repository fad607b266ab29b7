//! The committed schema and the specification agree with the types.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use nanobot_protocol::{ErrorKind, HostMessage, PluginMessage, schema};
use serde_json::Value;

fn protocol_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocol")
}

fn committed() -> Value {
    let text = std::fs::read_to_string(protocol_folder().join("v1/schema.json"));
    serde_json::from_str(&text.expect("the schema is in the repository")).expect("it is JSON")
}

/// All values of `$ref` inside a value.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member.as_str() {
                    Some(target) if name == "$ref" => {
                        found.insert(target);
                    }
                    _ => references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn committed_schema_is_what_the_types_say() {
    assert!(
        committed() == schema(),
        "protocol/v1/schema.json is not up to date; run `cargo run -p xtask -- codegen`"
    );
}

#[test]
fn each_reference_of_the_schema_leads_somewhere() {
    let schema = schema();
    let mut targets = BTreeSet::new();
    references(&schema, &mut targets);
    assert!(!targets.is_empty());
    for target in targets {
        let pointer = target.strip_prefix('#').expect("it is inside the file");
        assert!(schema.pointer(pointer).is_some(), "{target} is missing");
    }
}

#[test]
fn specification_names_each_method_and_each_kind_of_error() {
    let text = std::fs::read_to_string(protocol_folder().join("README.md"));
    let text = text.expect("the specification is in the repository");
    for method in HostMessage::METHODS.iter().chain(PluginMessage::METHODS) {
        let heading = format!("### `{}`", method.name);
        assert!(text.contains(&heading), "{heading} is missing");
    }
    for kind in [
        ErrorKind::Invalid,
        ErrorKind::Unsupported,
        ErrorKind::Cancelled,
        ErrorKind::Overloaded,
        ErrorKind::NotReady,
        ErrorKind::Auth,
        ErrorKind::RateLimited,
        ErrorKind::Network,
        ErrorKind::Rejected,
        ErrorKind::NotFound,
        ErrorKind::Internal,
    ] {
        let name = serde_json::to_value(kind).expect("it is a word");
        let row = format!("| `{}` | {} |", name.as_str().expect("it is a word"), kind.code());
        assert!(text.contains(&row), "{row} is missing");
    }
}
