//! Which parameters a call must and may have. Only the methods that a channel needs are known.

use super::TelegramCall;

struct Rule {
    method: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

const SEND_FILE: &[&str] = &["message_thread_id", "caption", "parse_mode", "reply_parameters"];

const RULES: &[Rule] = &[
    Rule { method: "getMe", required: &[], optional: &[] },
    Rule {
        method: "getUpdates",
        required: &[],
        optional: &["offset", "limit", "timeout", "allowed_updates"],
    },
    Rule {
        method: "sendMessage",
        required: &["chat_id", "text"],
        optional: &["message_thread_id", "parse_mode", "reply_parameters"],
    },
    Rule {
        method: "sendMessageDraft",
        required: &["chat_id", "draft_id"],
        optional: &["message_thread_id", "text", "parse_mode"],
    },
    Rule {
        method: "editMessageText",
        required: &["chat_id", "message_id", "text"],
        optional: &["parse_mode"],
    },
    Rule { method: "deleteMessage", required: &["chat_id", "message_id"], optional: &[] },
    Rule {
        method: "sendChatAction",
        required: &["chat_id", "action"],
        optional: &["message_thread_id"],
    },
    Rule {
        method: "setMessageReaction",
        required: &["chat_id", "message_id"],
        optional: &["reaction", "is_big"],
    },
    Rule { method: "setMyCommands", required: &["commands"], optional: &["scope"] },
    Rule { method: "deleteWebhook", required: &[], optional: &["drop_pending_updates"] },
    Rule {
        method: "setWebhook",
        required: &["url"],
        optional: &["secret_token", "max_connections", "allowed_updates"],
    },
    Rule { method: "getFile", required: &["file_id"], optional: &[] },
    Rule {
        method: "sendMediaGroup",
        required: &["chat_id", "media"],
        optional: &["message_thread_id", "reply_parameters"],
    },
    Rule { method: "sendPhoto", required: &["chat_id", "photo"], optional: SEND_FILE },
    Rule { method: "sendDocument", required: &["chat_id", "document"], optional: SEND_FILE },
    Rule { method: "sendVoice", required: &["chat_id", "voice"], optional: SEND_FILE },
    Rule { method: "sendAudio", required: &["chat_id", "audio"], optional: SEND_FILE },
    Rule { method: "sendVideo", required: &["chat_id", "video"], optional: SEND_FILE },
    Rule { method: "sendAnimation", required: &["chat_id", "animation"], optional: SEND_FILE },
];

/// Says what is wrong with a call, however the chats are.
pub(super) fn check(call: &TelegramCall) -> Result<(), String> {
    let rule = RULES.iter().find(|rule| rule.method == call.method);
    let rule = rule.ok_or_else(|| format!("there is no method {}", call.method))?;
    // The files of an album are named by its description, which is checked with it.
    let is_album = call.method == "sendMediaGroup";
    let files = call.files.iter().filter(|_| !is_album).map(|file| file.field.as_str());
    let given: Vec<&str> = call.params.keys().map(String::as_str).chain(files).collect();
    if let Some(missing) = rule.required.iter().find(|name| !given.contains(name)) {
        return Err(format!("{missing} is missing"));
    }
    let is_known = |name: &&str| rule.required.contains(name) || rule.optional.contains(name);
    if let Some(unknown) = given.iter().find(|name| !is_known(name)) {
        return Err(format!("there is no parameter {unknown}"));
    }
    check_values(call)
}

fn check_values(call: &TelegramCall) -> Result<(), String> {
    for number in ["message_id", "message_thread_id", "offset", "limit", "timeout"] {
        if call.params.contains_key(number) && call.number(number).is_none() {
            return Err(format!("{number} is not a number"));
        }
    }
    let is_chat = |call: &TelegramCall| {
        call.number("chat_id").is_some_and(|id| id != 0)
            || call.text("chat_id").is_some_and(|name| name.starts_with('@') && name.len() > 4)
    };
    if call.params.contains_key("chat_id") && !is_chat(call) {
        return Err("chat_id is neither a number nor a name".to_owned());
    }
    if call.number("limit").is_some_and(|limit| !(1..=100).contains(&limit)) {
        return Err("limit is not between 1 and 100".to_owned());
    }
    if call.text("parse_mode").is_some_and(|mode| mode != "HTML") {
        return Err("a parse_mode that this server does not check".to_owned());
    }
    if call.text("action").is_some_and(|action| action != "typing") {
        return Err("an action that there is not".to_owned());
    }
    let reply = call.object("reply_parameters");
    if reply.is_some_and(|reply| reply["message_id"].as_i64().is_none()) {
        return Err("reply_parameters without a message".to_owned());
    }
    check_commands(call)?;
    check_webhook(call)
}

/// See [Bot API/BotCommand](https://core.telegram.org/bots/api#botcommand).
fn check_commands(call: &TelegramCall) -> Result<(), String> {
    let commands = call.params.get("commands").and_then(|commands| commands.as_array());
    for command in commands.into_iter().flatten() {
        let name = command["command"].as_str().unwrap_or_default();
        let is_fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !(1..=32).contains(&name.len()) || !name.chars().all(is_fit) {
            return Err(format!("{name:?} cannot be a command"));
        }
        let description = command["description"].as_str().unwrap_or_default();
        if !(1..=256).contains(&description.chars().count()) {
            return Err(format!("the command {name} has no description"));
        }
    }
    Ok(())
}

/// See [Bot API/setWebhook](https://core.telegram.org/bots/api#setwebhook).
fn check_webhook(call: &TelegramCall) -> Result<(), String> {
    if call.method != "setWebhook" {
        return Ok(());
    }
    if !call.text("url").is_some_and(|url| url.starts_with("https://")) {
        return Err("the webhook is no https address".to_owned());
    }
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let is_secret = |secret: &str| (1..=256).contains(&secret.len()) && secret.chars().all(is_fit);
    if call.text("secret_token").is_some_and(|secret| !is_secret(secret)) {
        return Err("the secret of the webhook has characters that it may not have".to_owned());
    }
    Ok(())
}
