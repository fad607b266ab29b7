pub(super) mod delete;
pub(super) mod export;
pub(super) mod list;
pub(super) mod show;

use nanobot_gateway::control::SESSIONS_PATH;

use crate::ledger_desk::escaped;

/// Command that shows which sessions there are.
const LISTING: &str = "sessions list";

/// Where the desk has a session.
fn path(key: &str) -> String {
    format!("{SESSIONS_PATH}/{}", escaped(key))
}
