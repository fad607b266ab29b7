//! Chats that the gateway itself writes to: what the schema cannot say about them.

use serde_json::Value;

use super::problem::Problem;
use crate::key_path::KeyPath;
use crate::model::ChatTarget;

const HINT: &str = "write \"channel:chat\", as in \"telegram:12345\", or \
    {\"channel\": \"telegram\", \"chatId\": \"12345\"}";

/// Requires each target of a notice to name a channel and a chat.
pub(crate) fn check(root: &Value) -> Result<(), Problem> {
    let gateway = KeyPath::of(["gateway"]);
    let at = &root["gateway"];
    each(&at["ownerNotify"], &gateway.key("ownerNotify"))?;
    ["onStart", "onStop"].into_iter().try_for_each(|name| {
        let path = gateway.key(name).key("to");
        each(&at[name]["to"], &path)
    })
}

fn each(targets: &Value, path: &KeyPath) -> Result<(), Problem> {
    match targets {
        Value::Null => Ok(()),
        Value::Array(list) => {
            list.iter().enumerate().try_for_each(|(index, one)| target(one, &path.index(index)))
        }
        one => target(one, path),
    }
}

fn target(value: &Value, path: &KeyPath) -> Result<(), Problem> {
    let problem = || {
        let complaint = "must name a channel and a chat".to_owned();
        Problem::invalid(path, complaint, Some(HINT.to_owned()))
    };
    ChatTarget::read(value).map(drop).ok_or_else(problem)
}
