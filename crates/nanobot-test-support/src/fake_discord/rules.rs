//! What a call must look like, however the channels are.

use axum::http::{HeaderMap, header};
use serde_json::{Value, json};

use super::DiscordCall;

const MAX_CONTENT: usize = 2000;
const MAX_NONCE: usize = 25;
const MAX_FILES: usize = 10;

/// See [Discord/user agent](https://docs.discord.com/developers/reference#user-agent).
pub(super) fn check_user_agent(headers: &HeaderMap) -> Result<(), String> {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.unwrap_or_default();
    let inside = agent.strip_prefix("DiscordBot (").and_then(|rest| rest.split_once(')'));
    let is_good = inside
        .and_then(|(inside, _)| inside.split_once(", "))
        .is_some_and(|(url, version)| url.starts_with("http") && !version.is_empty());
    if is_good { Ok(()) } else { Err(format!("the user agent {agent:?}")) }
}

/// See [Discord/identify](https://docs.discord.com/developers/events/gateway-events#identify).
pub(super) fn check_identify(data: &Value) -> Result<(), String> {
    let properties = &data["properties"];
    let is_described = ["os", "browser", "device"].iter().all(|it| properties[it].is_string());
    if !is_described || !data["intents"].is_u64() || !data["token"].is_string() {
        return Err(format!("an identify without intents, token or properties: {data}"));
    }
    Ok(())
}

pub(super) fn check(call: &DiscordCall) -> Result<(), String> {
    match call.kind.as_str() {
        "create" => check_create(call),
        "edit" | "original" => {
            check_fields(&call.body, &["content", "allowed_mentions"])?;
            check_mentions(&call.body)?;
            check_content(call.content(), 1)
        }
        "history" => check_history(call),
        "commands" => check_commands(&call.body),
        "callback" => check_callback(&call.body),
        _ if call.body.is_null() => Ok(()),
        _ => Err("a body where there is none".to_owned()),
    }
}

/// See [Discord/create message](https://docs.discord.com/developers/resources/message#create-message).
fn check_create(call: &DiscordCall) -> Result<(), String> {
    let known = [
        "content",
        "nonce",
        "enforce_nonce",
        "allowed_mentions",
        "message_reference",
        "attachments",
    ];
    check_fields(&call.body, &known)?;
    check_mentions(&call.body)?;
    check_content(call.content(), usize::from(call.files.is_empty()))?;
    let nonce = call.body["nonce"].as_str().unwrap_or_default();
    if nonce.is_empty() || nonce.len() > MAX_NONCE || call.body["enforce_nonce"] != json!(true) {
        return Err(format!("the nonce {nonce:?} is not enforced or too long"));
    }
    let reference = &call.body["message_reference"];
    if !reference.is_null() {
        check_fields(reference, &["message_id", "fail_if_not_exists"])?;
        if !is_id(&reference["message_id"]) || reference["fail_if_not_exists"] != json!(false) {
            return Err(format!("the reference {reference}"));
        }
    }
    check_files(call)
}

/// See [Discord/uploading files](https://docs.discord.com/developers/reference#uploading-files).
fn check_files(call: &DiscordCall) -> Result<(), String> {
    let described = call.body["attachments"].as_array().map_or(0, Vec::len);
    if described != call.files.len() || call.files.len() > MAX_FILES {
        return Err(format!("{described} descriptions of {} files", call.files.len()));
    }
    for (index, file) in call.files.iter().enumerate() {
        let description = &call.body["attachments"][index];
        if file.field != format!("files[{index}]") || file.name.is_empty() {
            return Err(format!("the file {:?} in {:?}", file.name, file.field));
        }
        if description["id"] != json!(index) || description["filename"] != json!(file.name) {
            return Err(format!("the description {description} of {:?}", file.name));
        }
    }
    Ok(())
}

fn check_content(content: &str, least: usize) -> Result<(), String> {
    let length = content.chars().count();
    if length > MAX_CONTENT || content.trim().chars().count() < least {
        return Err(format!("a text of {length} characters"));
    }
    if content.matches("```").count() % 2 == 1 {
        return Err(format!("a code block that is not closed: {content:?}"));
    }
    Ok(())
}

/// The model must not be able to call people.
fn check_mentions(body: &Value) -> Result<(), String> {
    if body["allowed_mentions"]["parse"] == json!([]) {
        return Ok(());
    }
    Err("mentions are allowed".to_owned())
}

/// See [Discord/get channel messages](https://docs.discord.com/developers/resources/message#get-channel-messages).
fn check_history(call: &DiscordCall) -> Result<(), String> {
    if call.number("limit").is_some_and(|limit| !(1..=100).contains(&limit)) {
        return Err("a limit that is not between 1 and 100".to_owned());
    }
    Ok(())
}

/// See [Discord/application command object](https://docs.discord.com/developers/interactions/application-commands#application-command-object).
fn check_commands(body: &Value) -> Result<(), String> {
    let commands = body.as_array().ok_or("the commands are no list")?;
    let is_fit = |c: char| c.is_lowercase() || c.is_numeric() || c == '-' || c == '_';
    let is_good = |it: &Value| {
        let name = it["name"].as_str().unwrap_or_default();
        let description = it["description"].as_str().unwrap_or_default();
        (1..=32).contains(&name.chars().count())
            && name.chars().all(is_fit)
            && (1..=100).contains(&description.chars().count())
    };
    for command in commands {
        let options = command["options"].as_array().cloned().unwrap_or_default();
        if !is_good(command) || !options.iter().all(|it| is_good(it) && it["type"].is_u64()) {
            return Err(format!("the command {command}"));
        }
    }
    Ok(())
}

/// See [Discord/interaction response](https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object).
fn check_callback(body: &Value) -> Result<(), String> {
    match body["type"].as_u64() {
        Some(5) => check_fields(body, &["type"]),
        Some(4) => check_content(body["data"]["content"].as_str().unwrap_or_default(), 1),
        _ => Err(format!("the answer {body}")),
    }
}

fn check_fields(value: &Value, known: &[&str]) -> Result<(), String> {
    let object = value.as_object().ok_or("no object where there must be one")?;
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(format!("there is no field {unknown}")),
    }
}

fn is_id(value: &Value) -> bool {
    value.as_str().is_some_and(|id| id.parse::<u64>().is_ok())
}
