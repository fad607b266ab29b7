//! What the methods do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::chats::{Chat, ShownMessage};
use super::{Shared, TelegramCall, World, html, rules};

const MAX_UNITS: usize = 4096;
/// See [Bot API/sending files](https://core.telegram.org/bots/api#sending-files).
const MAX_UPLOAD_BYTES: usize = 50 * 1024 * 1024;

/// An answer that says no.
/// See [Bot API/making requests](https://core.telegram.org/bots/api#making-requests).
#[derive(Debug)]
pub(super) struct Refusal {
    code: u16,
    description: String,
    parameters: Option<Value>,
}

/// Why a call fails: through the client's fault, or not.
enum Failure {
    Violation(String),
    Refusal(Refusal),
}

impl Refusal {
    pub(super) fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }

    pub(super) fn bad_request(reason: &str) -> Self {
        Self::new(400, format!("Bad Request: {reason}"))
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    fn too_many(seconds: u64) -> Self {
        let description = format!("Too Many Requests: retry after {seconds}");
        let parameters = Some(json!({"retry_after": seconds}));
        Self { code: 429, description, parameters }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body =
            json!({"ok": false, "error_code": self.code, "description": self.description});
        if let Some(parameters) = self.parameters {
            body["parameters"] = parameters;
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(body)).into_response()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

pub(super) fn success(result: &Value) -> Response {
    Json(json!({"ok": true, "result": result})).into_response()
}

/// Refuses a call, and expects that the chat is left alone for so long.
pub(super) fn too_many(shared: &Shared, call: &TelegramCall, seconds: u64) -> Response {
    if let Some(chat) = call.number("chat_id") {
        let mut state = shared.state();
        state.chats.know(chat);
        if let Some(chat) = state.chats.get(chat) {
            chat.wait_until = Some(Instant::now() + Duration::from_secs(seconds));
        }
    }
    Refusal::too_many(seconds).into_response()
}

pub(super) async fn obey(shared: &Arc<Shared>, call: &TelegramCall) -> Response {
    let result = match rules::check(call) {
        Err(what) => Err(Failure::Violation(what)),
        Ok(()) if call.method == "getUpdates" => get_updates(shared, call).await,
        Ok(()) => act(shared, call),
    };
    match result {
        Ok(result) => success(&result),
        Err(Failure::Refusal(refusal)) => refusal.into_response(),
        Err(Failure::Violation(what)) => {
            shared.violation(format!("{}: {what}", call.method));
            Refusal::bad_request(&what).into_response()
        }
    }
}

fn act(shared: &Shared, call: &TelegramCall) -> Result<Value, Failure> {
    let rate_limit = shared.options.rate_limit;
    let state = &mut *shared.state();
    match call.method.as_str() {
        "getMe" => Ok(json!({
            "id": shared.bot_id(), "is_bot": true, "first_name": "Nano",
            "username": shared.options.username,
        })),
        "sendMessage" => send_message(state, call, rate_limit),
        "sendMessageDraft" => send_draft(state, call),
        "editMessageText" => edit(state, call, rate_limit),
        "deleteMessage" => delete(state, call),
        "sendChatAction" => chat(state, call).map(|_| true.into()),
        "setMessageReaction" => react(state, call),
        "getFile" => get_file(state, call),
        "setMyCommands" => {
            state.commands = call.params["commands"].as_array().cloned().unwrap_or_default();
            Ok(true.into())
        }
        "setWebhook" => {
            state.webhook = Some(call.params.clone().into());
            Ok(true.into())
        }
        "deleteWebhook" => {
            state.webhook = None;
            Ok(true.into())
        }
        "sendMediaGroup" => send_album(state, call),
        _ => send_file(state, call),
    }
}

async fn get_updates(shared: &Arc<Shared>, call: &TelegramCall) -> Result<Value, Failure> {
    let limit = usize::try_from(call.number("limit").unwrap_or(100)).unwrap_or(100);
    let seconds = call.number("timeout").unwrap_or(0).unsigned_abs();
    let mut changes = shared.changes.subscribe();
    let question = {
        let mut state = shared.state();
        if state.webhook.is_some() {
            let reason = "Conflict: can't use getUpdates method while webhook is active";
            return Err(Refusal::new(409, reason).into());
        }
        if let Some(offset) = call.number("offset") {
            state.updates.confirm(offset);
        }
        state.updates.ask()
    };
    // Who waits for another question to end, or for a confirmed update, must hear of it.
    shared.changed();
    let end = tokio::time::Instant::now() + Duration::from_secs(seconds);
    loop {
        {
            let state = shared.state();
            if !state.updates.is_latest(question) {
                let reason = "Conflict: terminated by other getUpdates request";
                return Err(Refusal::new(409, reason).into());
            }
            let batch = state.updates.batch(limit);
            if !batch.is_empty() || tokio::time::Instant::now() >= end {
                return Ok(batch.into());
            }
        }
        let _ended = tokio::time::timeout_at(end, changes.changed()).await;
    }
}

fn send_message(
    state: &mut World,
    call: &TelegramCall,
    rate_limit: Option<Duration>,
) -> Result<Value, Failure> {
    let message = shown_text(call)?;
    let chat = chat(state, call)?;
    limit_rate(chat, rate_limit)?;
    Ok(place(chat, call, message))
}

/// See [Bot API/sendMessageDraft](https://core.telegram.org/bots/api#sendmessagedraft).
fn send_draft(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
    if call.number("draft_id").is_none_or(|id| id == 0) {
        return Err(Failure::Violation("a draft without a number".to_owned()));
    }
    if call.number("chat_id").is_none_or(|id| id < 0) {
        return Err(Failure::Violation("a draft in a chat that is not private".to_owned()));
    }
    let draft = shown_text(call)?;
    chat(state, call)?.draft = Some(draft.text);
    Ok(true.into())
}

fn send_file(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
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
fn send_album(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
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

fn place(chat: &mut Chat, call: &TelegramCall, message: ShownMessage) -> Value {
    chat.draft = None;
    let message_id = chat.next_id();
    let reply_to = call.object("reply_parameters").and_then(|reply| reply["message_id"].as_i64());
    let thread = call.number("message_thread_id");
    chat.shown.insert(message_id, ShownMessage { message_id, reply_to, thread, ..message });
    json!({"message_id": message_id, "date": 1, "chat": {"id": call.number("chat_id")}})
}

fn edit(
    state: &mut World,
    call: &TelegramCall,
    rate_limit: Option<Duration>,
) -> Result<Value, Failure> {
    let new = shown_text(call)?;
    let id = call.number("message_id").unwrap_or_default();
    let chat = chat(state, call)?;
    if chat.was_deleted(id) {
        return Err(Refusal::bad_request("message to edit not found").into());
    }
    if !chat.shown.contains_key(&id) {
        return Err(Failure::Violation(format!("message {id} is not the bot's")));
    }
    limit_rate(chat, rate_limit)?;
    let Some(old) = chat.shown.get_mut(&id) else {
        return Err(Refusal::bad_request("message to edit not found").into());
    };
    if old.text == new.text && old.entities == new.entities {
        let reason = "message is not modified: specified new message content and reply markup \
                      are exactly the same as a current content";
        return Err(Refusal::bad_request(reason).into());
    }
    *old = ShownMessage {
        text: new.text,
        entities: new.entities,
        edits: old.edits + 1,
        ..old.clone()
    };
    Ok(json!({"message_id": id, "date": 1, "chat": {"id": call.number("chat_id")}}))
}

fn delete(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
    let id = call.number("message_id").unwrap_or_default();
    let chat = chat(state, call)?;
    if chat.shown.remove(&id).is_none() {
        return Err(Refusal::bad_request("message to delete not found").into());
    }
    Ok(true.into())
}

fn react(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
    let id = call.number("message_id").unwrap_or_default();
    let reactions = call.object("reaction").unwrap_or_default();
    let reactions = reactions.as_array().cloned().unwrap_or_default();
    let chat = chat(state, call)?;
    if !chat.others.contains(&id) && !chat.shown.contains_key(&id) {
        return Err(Refusal::bad_request("message to react not found").into());
    }
    match reactions.as_slice() {
        [] => {
            chat.reactions.remove(&id);
        }
        [only] if only["type"] == "emoji" => {
            let emoji = only["emoji"].as_str().unwrap_or_default();
            if !["👀", "👍", "🔥", "👌", "🎉"].contains(&emoji) {
                return Err(Refusal::bad_request("REACTION_INVALID").into());
            }
            chat.reactions.insert(id, emoji.to_owned());
        }
        _ => return Err(Failure::Violation("bots set at most one reaction".to_owned())),
    }
    Ok(true.into())
}

fn get_file(state: &World, call: &TelegramCall) -> Result<Value, Failure> {
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

/// The chat of a call, unless there is a reason why the bot cannot write there.
fn chat<'a>(state: &'a mut World, call: &TelegramCall) -> Result<&'a mut Chat, Failure> {
    let id = call.number("chat_id").unwrap_or_default();
    if let Some(to) = state.chats.moved(id) {
        let description = "Bad Request: group chat was upgraded to a supergroup chat";
        let parameters = Some(json!({"migrate_to_chat_id": to}));
        let refusal = Refusal { parameters, ..Refusal::new(400, description) };
        return Err(refusal.into());
    }
    let Some(chat) = state.chats.get(id) else {
        return Err(Refusal::bad_request("chat not found").into());
    };
    if chat.is_blocked() {
        return Err(Refusal::new(403, "Forbidden: bot was blocked by the user").into());
    }
    if call
        .number("message_thread_id")
        .is_some_and(|thread| thread == 1 || chat.has_lost_topic(thread))
    {
        return Err(Refusal::bad_request("message thread not found").into());
    }
    Ok(chat)
}

/// One text or edit in so much time. A client that was told to wait and does not is at fault.
fn limit_rate(chat: &mut Chat, rate_limit: Option<Duration>) -> Result<(), Failure> {
    let now = Instant::now();
    if chat.wait_until.take_if(|end| now < *end).is_some() {
        return Err(Failure::Violation("a call before retry_after was over".to_owned()));
    }
    let last = chat.last_text.replace(now);
    let (Some(limit), Some(last)) = (rate_limit, last) else { return Ok(()) };
    let passed = now.duration_since(last);
    if passed >= limit {
        return Ok(());
    }
    chat.last_text = Some(last);
    let seconds = (limit - passed).as_secs() + 1;
    chat.wait_until = Some(now + Duration::from_secs(seconds));
    Err(Refusal::too_many(seconds).into())
}

/// The text of a call as it would be seen.
fn shown_text(call: &TelegramCall) -> Result<ShownMessage, Failure> {
    let source = call.text("text").unwrap_or_default();
    let (text, entities) = match call.text("parse_mode") {
        Some(_) => html::visible(source).map_err(Failure::Violation)?,
        None => (source.to_owned(), Vec::new()),
    };
    let units = text.encode_utf16().count();
    if text.trim().is_empty() {
        return Err(Failure::Violation("message text is empty".to_owned()));
    }
    if units > MAX_UNITS {
        return Err(Failure::Violation(format!("message is too long: {units} UTF-16 units")));
    }
    Ok(ShownMessage { text, entities, ..empty() })
}

fn empty() -> ShownMessage {
    ShownMessage {
        message_id: 0,
        text: String::new(),
        entities: Vec::new(),
        reply_to: None,
        thread: None,
        file: None,
        url: None,
        edits: 0,
    }
}
