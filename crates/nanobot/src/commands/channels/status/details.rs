//! Why channels last ended, below the table: the error and the end of the channel's log.

use nanobot_gateway::status::{ChannelReport, State};

use super::grid::cut;
use crate::duration::since;
use crate::output::{CAUTION, FAINT, harmless, styled};

/// Lines of a log that are shown.
const LOG_LINES: usize = 10;
/// What a channel that works again ended of is shown for so long.
const RECENT_MS: u64 = 60 * 60 * 1000;

/// The lines about one channel; none if there is nothing to worry about.
pub(super) fn lines(
    name: &str,
    channel: &ChannelReport,
    now_ms: u64,
    width: Option<usize>,
) -> Vec<String> {
    let (Some(error), true) = (&channel.last_error, is_of_interest(channel, now_ms)) else {
        return Vec::new();
    };
    let ago = channel.last_error_ms.map(|moment| format!(" {} ago", since(moment, now_ms)));
    let title = format!("{name}, last error{}: {}", ago.unwrap_or_default(), one_line(error));
    let skipped = channel.last_log.len().saturating_sub(LOG_LINES);
    let mut lines = vec![String::new(), styled(fitting(&title, width), CAUTION).to_string()];
    lines.extend(
        channel.last_log[skipped..].iter().map(|line| {
            styled(fitting(&format!("  {}", one_line(line)), width), FAINT).to_string()
        }),
    );
    lines
}

fn is_of_interest(channel: &ChannelReport, now_ms: u64) -> bool {
    let is_recent =
        || channel.last_error_ms.is_some_and(|it| now_ms.saturating_sub(it) < RECENT_MS);
    channel.state != State::Connected || is_recent()
}

fn one_line(text: &str) -> String {
    harmless(text).replace(['\n', '\t'], " ")
}

fn fitting(text: &str, width: Option<usize>) -> String {
    width.map_or_else(|| text.to_owned(), |width| cut(text, width))
}
