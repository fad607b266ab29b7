//! Keys of earlier and later versions of the original.

use serde_json::{Map, Value};

use super::notes::Notes;
use crate::key_path::KeyPath;
use crate::spelling::same_key;
use crate::warning::WarningKind;

/// Settings for all channels in later versions. Without this list they would be taken for channels.
const LATER_CHANNEL_SETTINGS: [&str; 4] =
    ["showReasoning", "extractDocumentText", "transcriptionLanguage", "transcription"];

pub(crate) fn migrate(root: &mut Map<String, Value>, notes: &mut Notes<'_>) {
    move_workspace_restriction(root, notes);
    drop_memory_window(root, notes);
    drop_later_channel_settings(root, notes);
}

/// `tools.exec.restrictToWorkspace` became `tools.restrictToWorkspace`.
fn move_workspace_restriction(root: &mut Map<String, Value>, notes: &mut Notes<'_>) {
    let Some(tools) = object(root, "tools") else {
        return;
    };
    let Some((key, value)) = object(tools, "exec").and_then(|e| take(e, "restrictToWorkspace"))
    else {
        return;
    };
    let path = KeyPath::of(["tools", "exec", &key]);
    let has_new_place = tools.keys().any(|key| same_key(key, "restrictToWorkspace"));
    let (kind, remark) = if has_new_place {
        (WarningKind::Obsolete, "has no effect")
    } else {
        tools.insert("restrictToWorkspace".to_owned(), value);
        (WarningKind::Moved, "is read as tools.restrictToWorkspace")
    };
    let hint = "move it to tools.restrictToWorkspace".to_owned();
    notes.add(kind, &path, remark, Some(hint));
}

fn drop_memory_window(root: &mut Map<String, Value>, notes: &mut Notes<'_>) {
    let defaults = object(root, "agents").and_then(|agents| object(agents, "defaults"));
    if let Some((key, _)) = defaults.and_then(|defaults| take(defaults, "memoryWindow")) {
        let path = KeyPath::of(["agents", "defaults", &key]);
        let hint = "use agents.defaults.contextWindowTokens".to_owned();
        notes.add(WarningKind::Obsolete, &path, "has no effect any more", Some(hint));
    }
}

fn drop_later_channel_settings(root: &mut Map<String, Value>, notes: &mut Notes<'_>) {
    let Some(channels) = object(root, "channels") else {
        return;
    };
    for setting in LATER_CHANNEL_SETTINGS {
        if let Some((key, _)) = take(channels, setting) {
            let path = KeyPath::of(["channels", &key]);
            let remark = "is a setting of later versions and has no effect here";
            notes.add(WarningKind::Obsolete, &path, remark, None);
        }
    }
}

fn object<'m>(map: &'m mut Map<String, Value>, key: &str) -> Option<&'m mut Map<String, Value>> {
    map.get_mut(key)?.as_object_mut()
}

/// Removes a key in either spelling, camelCase first, and returns it as typed.
fn take(map: &mut Map<String, Value>, key: &str) -> Option<(String, Value)> {
    let typed = if map.contains_key(key) {
        key.to_owned()
    } else {
        map.keys().find(|typed| same_key(typed, key))?.clone()
    };
    map.shift_remove_entry(&typed)
}
