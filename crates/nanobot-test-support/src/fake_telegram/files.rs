//! Files, on their own and in albums.

use serde_json::{Value, json};

use super::chats::ShownMessage;
use super::messages::{chat, empty, place};
use super::refusal::{Failure, Refusal};
use super::{TelegramCall, World};

/// See [Bot API/sending files](https://core.telegram.org/bots/api#sending-files).
const MAX_UPLOAD_BYTES: usize = 50 * 1024 * 1024;

pub(super) fn send_file(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
    let file = call.files.first().cloned();
    if file.as_ref().is_some_and(|file| file.content.is_empty()) {
        return Err(Failure::Violation("an empty file".to_owned()));
    }
    if file.as_ref().is_some_and(|file| file.content.len() > MAX_UPLOAD_BYTES) {
        return Err(Refusal::new(413, "Request Entity Too Large").into());
    }
    let field = call.method.trim_start_matches("send").to_lowercase();
    let url = call.text(&field).map(str::to_owned);
    if url.as_ref().is_some_and(|url| !url.starts_with("http")) {
        return Err(Failure::Violation(format!("{field} is neither a file nor an address")));
    }
    let is_broken = file.as_ref().is_some_and(|file| file.content.starts_with(b"broken"));
    if is_broken && call.method == "sendPhoto" {
        return Err(Refusal::bad_request("IMAGE_PROCESS_FAILED").into());
    }
    let chat = chat(state, call)?;
    Ok(place(chat, call, ShownMessage { file, url, ..empty() }))
}

/// See [Bot API/sendMediaGroup](https://core.telegram.org/bots/api#sendmediagroup).
pub(super) fn send_album(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
    let media = call.object("media").unwrap_or_default();
    let media = media.as_array().cloned().unwrap_or_default();
    if !(2..=10).contains(&media.len()) {
        return Err(Failure::Violation("an album of less than 2 or more than 10".to_owned()));
    }
    let messages: Vec<_> =
        media.iter().map(|item| album_item(call, item)).collect::<Result<_, _>>()?;
    let chat = chat(state, call)?;
    Ok(messages.into_iter().map(|message| place(chat, call, message)).collect())
}

fn album_item(call: &TelegramCall, item: &Value) -> Result<ShownMessage, Failure> {
    if !["photo", "video"].contains(&item["type"].as_str().unwrap_or_default()) {
        return Err(Failure::Violation(format!("an album with {}", item["type"])));
    }
    let source = item["media"].as_str().unwrap_or_default();
    let Some(name) = source.strip_prefix("attach://") else {
        return Ok(ShownMessage { url: Some(source.to_owned()), ..empty() });
    };
    let Some(file) = call.files.iter().find(|file| file.field == name).cloned() else {
        return Err(Failure::Violation(format!("the file {name} is missing")));
    };
    if file.content.starts_with(b"broken") {
        return Err(Refusal::bad_request("IMAGE_PROCESS_FAILED").into());
    }
    Ok(ShownMessage { file: Some(file), ..empty() })
}

pub(super) fn get_file(state: &World, call: &TelegramCall) -> Result<Value, Failure> {
    const MAX_BYTES: u64 = 20 * 1024 * 1024;
    let id = call.text("file_id").unwrap_or_default();
    match state.file_ids.get(id) {
        Some((_, size)) if *size > MAX_BYTES => Err(Refusal::bad_request("file is too big").into()),
        Some((path, size)) => Ok(json!({
            "file_id": id, "file_unique_id": "unique", "file_size": size, "file_path": path,
        })),
        None => Err(Refusal::bad_request("invalid file_id").into()),
    }
}
