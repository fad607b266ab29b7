//! Moments for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment, in milliseconds since 1970, as the local time to the millisecond.
pub(crate) fn local(moment_ms: u64) -> String {
    let ms = i64::try_from(moment_ms).unwrap_or(i64::MAX);
    let moment = Timestamp::from_millisecond(ms).unwrap_or_default();
    moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}
