//! Texts, edits, drafts and reactions.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::chats::{Chat, ShownMessage};
use super::refusal::{Failure, Refusal};
use super::{TelegramCall, World, html};

const MAX_UNITS: usize = 4096;

pub(super) fn send_message(
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
pub(super) fn send_draft(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
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

pub(super) fn place(chat: &mut Chat, call: &TelegramCall, message: ShownMessage) -> Value {
    chat.draft = None;
    let message_id = chat.next_id();
    let reply_to = call.object("reply_parameters").and_then(|reply| reply["message_id"].as_i64());
    let thread = call.number("message_thread_id");
    chat.shown.insert(message_id, ShownMessage { message_id, reply_to, thread, ..message });
    json!({"message_id": message_id, "date": 1, "chat": {"id": call.number("chat_id")}})
}

pub(super) fn edit(
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

pub(super) fn delete(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
    let id = call.number("message_id").unwrap_or_default();
    let chat = chat(state, call)?;
    if chat.shown.remove(&id).is_none() {
        return Err(Refusal::bad_request("message to delete not found").into());
    }
    Ok(true.into())
}

pub(super) fn react(state: &mut World, call: &TelegramCall) -> Result<Value, Failure> {
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

/// The chat of a call, unless there is a reason why the bot cannot write there.
pub(super) fn chat<'a>(state: &'a mut World, call: &TelegramCall) -> Result<&'a mut Chat, Failure> {
    let id = call.number("chat_id").unwrap_or_default();
    if let Some(to) = state.chats.moved(id) {
        let refusal = Refusal::moved(to);
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

pub(super) fn empty() -> ShownMessage {
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
