//! What the methods do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::refusal::{Failure, Refusal};
use super::{Shared, TelegramCall, files, messages, rules};

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
            shared.violations.add(format!("{}: {what}", call.method));
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
        "sendMessage" => messages::send_message(state, call, rate_limit),
        "sendMessageDraft" => messages::send_draft(state, call),
        "editMessageText" => messages::edit(state, call, rate_limit),
        "deleteMessage" => messages::delete(state, call),
        "sendChatAction" => messages::chat(state, call).map(|_| true.into()),
        "setMessageReaction" => messages::react(state, call),
        "getFile" => files::get_file(state, call),
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
        "sendMediaGroup" => files::send_album(state, call),
        _ => files::send_file(state, call),
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
    shared.changes.tell();
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
