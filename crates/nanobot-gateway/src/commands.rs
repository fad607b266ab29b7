//! Slash commands: a whole message that is one of a few words is for the gateway, not for the model.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nanobot_ledger::SessionUsage;

use crate::current_agent::CurrentAgent;

/// A message that is for the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Ends the running turn of the session and forgets the waiting messages.
    Stop,
    /// Says how the gateway is.
    Status,
    /// Lists the commands.
    Help,
    /// Stops the gateway in order and starts it again.
    Restart,
    /// Forgets what the session remembers. Takes its turn like a message, so that what was written
    /// before it is answered with the old memory.
    New,
}

impl Command {
    /// Reads a message; case and surrounding space do not matter, but nothing else may be in it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // No command is longer; long messages need no lower-case copy.
        if !text.starts_with('/') || text.len() > 16 {
            return None;
        }
        match text.to_ascii_lowercase().as_str() {
            "/stop" => Some(Self::Stop),
            "/status" => Some(Self::Status),
            "/help" | "/start" => Some(Self::Help),
            "/restart" => Some(Self::Restart),
            "/new" => Some(Self::New),
            _ => None,
        }
    }
}

/// Answer to `/help`.
pub(crate) const HELP: &str = "🐈 nanobot commands:
- `/new`: start a new conversation
- `/stop`: stop the answer that is being written
- `/model [NAME]`: show which model answers, or choose another one for this session
- `/status`: show how the bot is
- `/restart`: restart the bot
- `/help`: show this list";

/// Answer to `/new`.
pub(crate) const NEW_SESSION: &str = "New session started.";

/// Answer to `/stop`.
pub(crate) fn stopped(tasks: u64) -> String {
    match tasks {
        0 => "Nothing is running.".to_owned(),
        1 => "Stopped 1 task.".to_owned(),
        tasks => format!("Stopped {tasks} tasks."),
    }
}

/// What `/status` tells.
pub(crate) struct About {
    pub(crate) agent: Arc<CurrentAgent>,
    pub(crate) started: Instant,
}

impl About {
    /// Name of the model that answers now.
    pub(crate) fn model(&self) -> String {
        self.agent.get().describe_model().name
    }

    /// Answer to `/status`.
    pub(crate) fn status(&self, model: &str, is_busy: bool, usage: &SessionUsage) -> String {
        format!(
            "🐈 nanobot v{}\n- Model: {}\n- Up for: {}\n- This session: {}{}",
            env!("CARGO_PKG_VERSION"),
            model,
            rough(self.started.elapsed()),
            if is_busy { "an answer is being written" } else { "idle" },
            used(usage),
        )
    }
}

/// What a session used, on lines of its own; nothing if it has not used anything.
fn used(usage: &SessionUsage) -> String {
    let Some(last) = &usage.last else { return String::new() };
    let tokens = |input: u64, cached: u64, output: u64| {
        format!("{input} tokens in ({cached} cached), {output} out")
    };
    format!(
        "\n- Last answer: {}, {}, {:.1} s\n- All {} answers: {}",
        last.model,
        tokens(last.input_tokens, last.cached_tokens, last.output_tokens),
        Duration::from_millis(last.took_ms).as_secs_f64(),
        usage.total.turns,
        tokens(usage.total.input_tokens, usage.total.cached_tokens, usage.total.output_tokens),
    )
}

/// A duration in its two largest units.
pub(crate) fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_message_that_is_nothing_but_the_command_is_one() {
        for (text, expected) in [
            ("/stop", Some(Command::Stop)),
            ("  /NEW \n", Some(Command::New)),
            ("/start", Some(Command::Help)),
            ("/restart", Some(Command::Restart)),
            ("/restart now", None),
            ("/stop it", None),
            ("stop", None),
            ("/moon", None),
            ("/", None),
        ] {
            assert_eq!(Command::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn durations_are_told_in_two_units() {
        for (seconds, expected) in
            [(5, "5 s"), (65, "1 min 5 s"), (3_700, "1 h 1 min"), (90_000, "1 d 1 h")]
        {
            assert_eq!(rough(Duration::from_secs(seconds)), expected);
        }
    }
}
