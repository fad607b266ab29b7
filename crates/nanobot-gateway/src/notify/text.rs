//! What the owner reads.

use std::time::Duration;

use super::incidents::News;
use crate::commands::rough;
use crate::status::{ChannelReport, State};

/// Longest reason, in characters: a chat is no place for a traceback.
const LONGEST_REASON: usize = 300;

/// The notice of a change of a channel.
pub(super) fn of(news: &News, channel: &str, report: &ChannelReport) -> String {
    match news {
        News::Down { away } => down(channel, report, *away),
        News::Well { away, .. } => {
            format!("✅ The channel {channel} works again after {}.", rough(*away))
        }
    }
}

fn down(channel: &str, report: &ChannelReport, away: Duration) -> String {
    let what = match report.state {
        State::LoginRequired => "needs a login".to_owned(),
        State::Failing => "does not work".to_owned(),
        _ => format!("has been away for {}", rough(away)),
    };
    let remedy = match report.state {
        State::LoginRequired => format!("Log in with `nanobot channels login {channel}`."),
        _ => "nanobot keeps trying.".to_owned(),
    };
    let reason = reason(report).map(|reason| format!(": {reason}")).unwrap_or_default();
    let end = if reason.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("⚠️ The channel {channel} {what}{reason}{end} {remedy}")
}

/// In one line, and short.
fn reason(report: &ChannelReport) -> Option<String> {
    let reason = report.reason().or_else(|| report.message.clone())?;
    let line = reason.replace(char::is_control, "");
    Some(match line.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    })
    .filter(|line| !line.is_empty())
}

/// Adds how many notices were left out before this one.
pub(super) fn with_left_out(text: String, left_out: u32) -> String {
    match left_out {
        0 => text,
        1 => format!("{text}\n(1 earlier notice was left out.)"),
        count => format!("{text}\n({count} earlier notices were left out.)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(state: State, last_error: Option<&str>) -> ChannelReport {
        let last_error = last_error.map(str::to_owned);
        ChannelReport { last_error, ..ChannelReport::new("Hook", state) }
    }

    #[test]
    fn last_words_of_the_log_are_part_of_the_reason() {
        let log = ["Traceback:", "no such library", ""].map(str::to_owned).to_vec();
        let failed = report(State::Failing, Some("plugin exited with status 3"));
        let failed = ChannelReport { last_log: log, ..failed };
        let text = of(&News::Down { away: Duration::ZERO }, "hook", &failed);
        assert!(text.contains(" work: plugin exited with status 3: no such library. "), "{text}");
    }

    #[test]
    fn notice_says_what_is_wrong_why_and_what_to_do() {
        #[track_caller]
        fn check(state: State, error: Option<&str>, expected: &str) {
            let news = News::Down { away: Duration::from_secs(300) };
            assert_eq!(of(&news, "hook", &report(state, error)), expected);
        }
        check(
            State::LoginRequired,
            Some("the token was revoked"),
            "⚠️ The channel hook needs a login: the token was revoked. \
             Log in with `nanobot channels login hook`.",
        );
        check(
            State::Failing,
            Some("it last wrote:\n\u{1b}[31mno such library."),
            "⚠️ The channel hook does not work: it last wrote: [31mno such library. \
             nanobot keeps trying.",
        );
        check(
            State::Retrying,
            None,
            "⚠️ The channel hook has been away for 5 min 0 s. nanobot keeps trying.",
        );
    }

    #[test]
    fn long_reasons_are_cut() {
        let news = News::Down { away: Duration::ZERO };
        let text = of(&news, "hook", &report(State::Failing, Some(&"é".repeat(1_000))));
        assert!(text.contains(&format!(": {}… ", "é".repeat(LONGEST_REASON))), "{text}");
    }
}
