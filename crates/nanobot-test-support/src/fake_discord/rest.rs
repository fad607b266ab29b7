//! What the routes do.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::limits::Told;
use super::world::{Stored, World};
use super::{BOT, DiscordCall, Shared, call, mischief, rules};

/// See [Discord/uploading files](https://docs.discord.com/developers/reference#uploading-files).
const MAX_FILE_BYTES: usize = 10 * 1024 * 1024;
const MAX_REQUEST_BYTES: usize = 25 * 1024 * 1024;
const UNKNOWN_CHANNEL: (u16, u32) = (404, 10003);
const UNKNOWN_MESSAGE: (u16, u32) = (404, 10008);
const UNKNOWN_WEBHOOK: (u16, u32) = (404, 10015);
const UNKNOWN_INTERACTION: (u16, u32) = (404, 10062);
const OTHERS_MESSAGE: (u16, u32) = (403, 50005);
const TOO_LARGE: (u16, u32) = (413, 40005);

pub(super) fn refuse(status: u16, code: u32, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, Json(json!({"code": code, "message": message}))).into_response()
}

pub(super) async fn serve_file(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        shared.violations.add("the token was sent to where files are");
    }
    let content = shared.state().files.get(&name).cloned();
    content.map_or(StatusCode::NOT_FOUND.into_response(), |it| Body::from(it).into_response())
}

pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(what) = rules::check_user_agent(&headers) {
        shared.violations.add(what);
    }
    let token = format!("Bot {}", shared.options.token);
    if headers.get(header::AUTHORIZATION).is_none_or(|given| given.as_bytes() != token.as_bytes()) {
        return refuse(401, 0, "401: Unauthorized");
    }
    let call = match DiscordCall::parse(&method, &uri, &headers, &body) {
        Ok(call) => call,
        Err(what) => {
            shared.violations.add(what.clone());
            return refuse(400, 50035, &what);
        }
    };
    if body.len() > MAX_REQUEST_BYTES {
        shared.violations.add("a request of more than 25 MiB");
    }
    if shared.state().limits.must_wait(&call.kind, &call.major) {
        shared.violations.add(format!("{} before the end of a wait", call.kind));
    }
    let mischief = shared.state().mischiefs.next(&call.kind);
    shared.state().calls.push(call.clone());
    shared.changes.tell();
    let response = mischief::apply(&shared, mischief, &call, &uri).await;
    shared.changes.tell();
    response
}

pub(super) fn obey(shared: &Shared, call: &DiscordCall, uri: &Uri) -> Response {
    if let Err(what) = rules::check(call) {
        shared.violations.add(format!("{}: {what}", call.kind));
        return refuse(400, 50035, &what);
    }
    let told = shared
        .options
        .bucket
        .map(|bucket| shared.state().limits.count(&call.kind, &call.major, bucket));
    if told.is_some_and(|told| told.is_exceeded) {
        shared.violations.add(format!("{} with a used up bucket", call.kind));
        return mischief::refuse_with(1000, false, &[("x-ratelimit-scope", "user")]);
    }
    let mut response = match act(shared, call, uri) {
        Ok(Value::Null) => StatusCode::NO_CONTENT.into_response(),
        Ok(result) => Json(result).into_response(),
        Err((status, code)) => refuse(status, code, "refused"),
    };
    if let Some(told) = told {
        tell(&mut response, &told, &call.kind);
    }
    response
}

/// See [Discord/rate limit headers](https://docs.discord.com/developers/topics/rate-limits#header-format).
fn tell(response: &mut Response, told: &Told, kind: &str) {
    let entries = [
        ("x-ratelimit-limit", told.limit.to_string()),
        ("x-ratelimit-remaining", told.remaining.to_string()),
        ("x-ratelimit-reset-after", told.reset_after.as_secs_f64().to_string()),
        ("x-ratelimit-bucket", format!("bucket-of-{kind}")),
    ];
    for (name, value) in entries {
        response.headers_mut().insert(name, value.parse().expect("the value of a header"));
    }
}

type Outcome = Result<Value, (u16, u32)>;

fn act(shared: &Shared, call: &DiscordCall, uri: &Uri) -> Outcome {
    let state = &mut *shared.state();
    match call.kind.as_str() {
        "gateway" => Ok(gateway(shared, state)),
        "channel" => channel(state, call),
        "history" => history(state, call),
        "create" => create(state, call),
        "edit" => edit(state, call),
        "delete" => delete(state, call),
        "typing" => find(state, call).map(|_| Value::Null),
        "react" | "unreact" => react(state, call, uri),
        "commands" => {
            state.commands = call.body.as_array().cloned().unwrap_or_default();
            Ok(call.body.clone())
        }
        "callback" => call_back(state, call),
        _ => answer_original(state, call),
    }
}

fn gateway(shared: &Shared, state: &World) -> Value {
    let (remaining, reset_after) = state.session_limit.unwrap_or((1000, 14_400_000));
    json!({
        "url": format!("ws://{}/gateway/", shared.address), "shards": 1,
        "session_start_limit": {
            "total": 1000, "remaining": remaining, "reset_after": reset_after, "max_concurrency": 1
        },
    })
}

fn find<'a>(
    state: &'a mut World,
    call: &DiscordCall,
) -> Result<&'a mut super::world::Channel, (u16, u32)> {
    call.channel().and_then(|id| state.channels.get_mut(&id)).ok_or(UNKNOWN_CHANNEL)
}

fn channel(state: &mut World, call: &DiscordCall) -> Outcome {
    let id = call.channel().unwrap_or_default();
    let channel = find(state, call)?;
    let mut json = channel.json(id);
    if let Some(guild) = channel.guild {
        json["guild_id"] = guild.to_string().into();
    }
    Ok(json)
}

/// The oldest messages behind an id, or the newest of all; newest first.
fn history(state: &mut World, call: &DiscordCall) -> Outcome {
    let limit = usize::try_from(call.number("limit").unwrap_or(50)).unwrap_or(50);
    let messages = &find(state, call)?.messages;
    let page: Vec<&Stored> = match call.number("after") {
        Some(after) => messages.range(after + 1..).take(limit).map(|(_, stored)| stored).collect(),
        None => messages.values().skip(messages.len().saturating_sub(limit)).collect(),
    };
    let messages: Vec<Value> = page.into_iter().rev().map(history_json).collect();
    Ok(messages.into())
}

/// Without what only events say.
fn history_json(stored: &Stored) -> Value {
    let mut json = stored.json.clone();
    if let Some(fields) = json.as_object_mut() {
        fields.remove("member");
        fields.remove("guild_id");
    }
    json
}

fn create(state: &mut World, call: &DiscordCall) -> Outcome {
    if call.files.iter().any(|file| file.content.len() > MAX_FILE_BYTES) {
        return Err(TOO_LARGE);
    }
    let channel = call.channel().unwrap_or_default();
    find(state, call)?;
    let nonce = (channel, call.body["nonce"].as_str().unwrap_or_default().to_owned());
    if let Some(known) = state.nonces.get(&nonce)
        && let Some(stored) = state.channels[&channel].messages.get(known)
    {
        return Ok(stored.json.clone());
    }
    let id = state.next_id();
    state.nonces.insert(nonce, id);
    Ok(store(state, channel, id, call))
}

fn store(state: &mut World, channel: u64, id: u64, call: &DiscordCall) -> Value {
    let files = call.files.iter().enumerate();
    let files: Vec<Value> = files
        .map(|(index, file)| json!({"id": index.to_string(), "filename": file.name}))
        .collect();
    let json = json!({
        "id": id.to_string(), "channel_id": channel.to_string(), "type": 0,
        "author": {"id": BOT.to_string(), "username": "nano", "bot": true},
        "content": call.content().trim(), "attachments": files,
        "message_reference": call.body["message_reference"],
    });
    let stored = Stored { json: json.clone(), files: call.files.clone(), edits: 0 };
    state.store(channel, id, stored, true);
    json
}

fn edit(state: &mut World, call: &DiscordCall) -> Outcome {
    let content = call.content().trim().to_owned();
    let message = call.message().unwrap_or_default();
    let stored = find(state, call)?.messages.get_mut(&message).ok_or(UNKNOWN_MESSAGE)?;
    change(stored, content)
}

fn change(stored: &mut Stored, content: String) -> Outcome {
    if !stored.is_bots() {
        return Err(OTHERS_MESSAGE);
    }
    stored.json["content"] = content.into();
    stored.edits += 1;
    Ok(stored.json.clone())
}

fn delete(state: &mut World, call: &DiscordCall) -> Outcome {
    let message = call.message().unwrap_or_default();
    find(state, call)?.messages.remove(&message).map(|_| Value::Null).ok_or(UNKNOWN_MESSAGE)
}

fn react(state: &mut World, call: &DiscordCall, uri: &Uri) -> Outcome {
    let emoji = call::emoji(uri).ok_or((400, 10014))?;
    let message = call.message().unwrap_or_default();
    let channel = find(state, call)?;
    if !channel.messages.contains_key(&message) {
        return Err(UNKNOWN_MESSAGE);
    }
    let reactions = channel.reactions.entry(message).or_default();
    reactions.retain(|known| *known != emoji);
    if call.kind == "react" {
        reactions.push(emoji);
    }
    Ok(Value::Null)
}

fn call_back(state: &mut World, call: &DiscordCall) -> Outcome {
    let id = call.channel().unwrap_or_default();
    let asked = state.interactions.get_mut(&id).filter(|asked| asked.token == call.minor);
    let asked = asked.ok_or(UNKNOWN_INTERACTION)?;
    if std::mem::replace(&mut asked.is_answered, true) {
        return Err((400, 40060));
    }
    asked.text = call.body["data"]["content"].as_str().map(str::to_owned);
    Ok(Value::Null)
}

fn answer_original(state: &mut World, call: &DiscordCall) -> Outcome {
    let asked = state.interactions.iter().find(|(_, asked)| asked.token == call.minor);
    let (asked_id, asked) = asked.filter(|(_, it)| it.is_answered).ok_or(UNKNOWN_WEBHOOK)?;
    let (asked_id, channel, answer) = (*asked_id, asked.channel, asked.answer);
    let known = answer.and_then(|id| state.channels.get_mut(&channel)?.messages.get_mut(&id));
    let json = match known {
        Some(stored) => change(stored, call.content().trim().to_owned())?,
        None => {
            let id = state.next_id();
            if let Some(asked) = state.interactions.get_mut(&asked_id) {
                asked.answer = Some(id);
            }
            store(state, channel, id, call)
        }
    };
    if let Some(asked) = state.interactions.get_mut(&asked_id) {
        asked.text = json["content"].as_str().map(str::to_owned);
    }
    Ok(json)
}
