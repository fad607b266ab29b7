//! Spans of time for people.

/// How long ago a moment was, both in milliseconds since 1970.
pub(crate) fn since(moment_ms: u64, now_ms: u64) -> String {
    let seconds = now_ms.saturating_sub(moment_ms) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_at_most_two_units() {
        #[track_caller]
        fn check(seconds: u64, expected: &str) {
            assert_eq!(since(1000, 1000 + seconds * 1000), expected);
        }
        check(59, "59 s");
        check(61, "1 min");
        check(3_720, "1 h 2 min");
        check(90_000, "1 d 1 h");
        assert_eq!(since(2000, 1000), "0 s");
    }
}
