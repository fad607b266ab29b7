//! Files and folders that plugins may use: what the schema cannot say about them.

use std::path::Path;

use serde_json::Value;

use super::problem::Problem;
use crate::key_path::KeyPath;

const HINT: &str = "write it like \"/srv/music\" or \"~/music\"";

/// Requires each path to say the same wherever the program was started.
pub(crate) fn check(root: &Value) -> Result<(), Problem> {
    let path = KeyPath::of(["plugins", "sandbox"]);
    for (channel, sandbox) in root["plugins"]["sandbox"].as_object().into_iter().flatten() {
        for key in ["read", "write"] {
            let path = path.key(channel).key(key);
            let places = sandbox[key].as_array().into_iter().flatten();
            for (index, place) in places.enumerate() {
                if !place.as_str().is_some_and(is_clear) {
                    let complaint = "must be an absolute path, or begin with ~/".to_owned();
                    let path = path.index(index);
                    return Err(Problem::invalid(&path, complaint, Some(HINT.to_owned())));
                }
            }
        }
    }
    Ok(())
}

fn is_clear(place: &str) -> bool {
    Path::new(place).is_absolute() || place.strip_prefix("~/").is_some_and(|it| !it.is_empty())
}
