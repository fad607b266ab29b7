use nanobot_channel_kit::asked_pause;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::SECOND;

/// What is known of the calls that Discord counts together.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    in_flight: u32,
    /// False until the first answer.
    is_known: bool,
    /// None if Discord tells no limit.
    quota: Option<Quota>,
}

#[derive(Debug, Clone, Copy)]
struct Quota {
    limit: u32,
    remaining: u32,
    reset: Instant,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Go,
    WaitUntil(Instant),
    WaitForAnswer,
}

impl Bucket {
    pub(super) fn admit(&mut self, now: Instant) -> Verdict {
        match &mut self.quota {
            // How many calls the bucket takes is known from the first answer.
            None if !self.is_known && self.in_flight > 0 => return Verdict::WaitForAnswer,
            None => {}
            Some(quota) => {
                if now >= quota.reset {
                    *quota = Quota { remaining: quota.limit, reset: now + SECOND, ..*quota };
                }
                if quota.remaining == 0 {
                    return Verdict::WaitUntil(quota.reset);
                }
                quota.remaining -= 1;
            }
        }
        self.in_flight += 1;
        Verdict::Go
    }

    /// A call has ended.
    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A call has ended with an answer.
    pub(super) fn learn(&mut self, headers: &HeaderMap, now: Instant) {
        self.leave();
        self.is_known = true;
        if let Some(told) = Quota::read(headers, now) {
            let remaining = told.remaining.saturating_sub(self.in_flight);
            self.quota = Some(Quota { remaining, ..told });
        }
    }

    /// Discord wants no calls until then.
    pub(super) fn use_up(&mut self, until: Instant) {
        let limit = self.quota.map_or(1, |quota| quota.limit);
        self.quota = Some(Quota { limit, remaining: 0, reset: until });
    }

    /// True if forgetting it would change nothing.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.in_flight == 0 && self.quota.is_none_or(|quota| quota.reset <= now)
    }
}

impl Quota {
    fn read(headers: &HeaderMap, now: Instant) -> Option<Self> {
        let limit = text(headers, "x-ratelimit-limit")?.parse().ok()?;
        let remaining = text(headers, "x-ratelimit-remaining")?.parse().ok()?;
        let seconds = text(headers, "x-ratelimit-reset-after")?.parse().ok()?;
        Some(Self { limit, remaining, reset: now + asked_pause(seconds)? })
    }
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
