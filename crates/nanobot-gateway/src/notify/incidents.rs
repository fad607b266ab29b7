use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::ChatTarget;
use crate::status::{ChannelReport, State};

/// Which channels do not work, and who was told. A pure machine: time and states come from outside.
#[derive(Debug)]
pub(super) struct Incidents {
    down_after: Duration,
    well_after: Duration,
    open: BTreeMap<String, Incident>,
}

/// One channel that is down, or not up again for long enough.
#[derive(Debug)]
struct Incident {
    since: Instant,
    /// When the channel got connected again, if it is.
    well_since: Option<Instant>,
    told: Told,
}

/// Whether the owner knows, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    NotYet,
    /// `None` if there was no other channel to say it through.
    Yes(Option<ChatTarget>),
}

/// Something that the owner wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// The channel does not work, for so long already.
    Down { away: Duration },
    /// It works again after so long; `told_at` is where the owner was told that it did not.
    Well { away: Duration, told_at: Option<ChatTarget> },
}

impl Incidents {
    pub(super) fn new(down_after: Duration, well_after: Duration) -> Self {
        Self { down_after, well_after, open: BTreeMap::new() }
    }

    /// Compares with how the channels are now. Each incident gives one `Down`, and one `Well` after
    /// it when the channel has stayed connected for a while: one that comes and goes is one incident.
    pub(super) fn look(
        &mut self,
        reports: &BTreeMap<String, ChannelReport>,
        now: Instant,
    ) -> Vec<(String, News)> {
        self.open.retain(|channel, _| reports.contains_key(channel));
        let changes = reports.iter().filter_map(|(channel, report)| {
            let news = match report.state {
                State::Connected => self.well(channel, now),
                State::Stopped => {
                    self.open.remove(channel);
                    None
                }
                state => self.down(channel, state, now),
            };
            news.map(|news| (channel.clone(), news))
        });
        changes.collect()
    }

    /// When something may be due although no channel changes.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let due = |incident: &Incident| match (incident.well_since, &incident.told) {
            (Some(well_since), _) => Some(well_since + self.well_after),
            (None, Told::NotYet) => Some(incident.since + self.down_after),
            (None, Told::Yes(_)) => None,
        };
        self.open.values().filter_map(due).min()
    }

    /// Notes where the owner was told of the channel's incident.
    pub(super) fn told(&mut self, channel: &str, target: Option<ChatTarget>) {
        if let Some(incident) = self.open.get_mut(channel) {
            incident.told = Told::Yes(target);
        }
    }

    fn down(&mut self, channel: &str, state: State, now: Instant) -> Option<News> {
        let new = || Incident { since: now, well_since: None, told: Told::NotYet };
        let incident = self.open.entry(channel.to_owned()).or_insert_with(new);
        incident.well_since = None;
        let away = now.duration_since(incident.since);
        let is_for_good = matches!(state, State::Failing | State::LoginRequired);
        let is_due = incident.told == Told::NotYet && (is_for_good || away >= self.down_after);
        if !is_due {
            return None;
        }
        incident.told = Told::Yes(None);
        Some(News::Down { away })
    }

    fn well(&mut self, channel: &str, now: Instant) -> Option<News> {
        let incident = self.open.get_mut(channel)?;
        let well_since = *incident.well_since.get_or_insert(now);
        if now.duration_since(well_since) < self.well_after {
            return None;
        }
        let ended = self.open.remove(channel)?;
        let away = well_since.duration_since(ended.since);
        match ended.told {
            Told::NotYet => None,
            Told::Yes(told_at) => Some(News::Well { away, told_at }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Lets a channel go through states, each after so many seconds, and gives what is told when.
    fn told(states: &[(u64, State)]) -> Vec<(u64, News)> {
        let begin = Instant::now();
        let mut incidents = Incidents::new(5 * MINUTE, MINUTE);
        let mut told = Vec::new();
        for (seconds, state) in states {
            let reports = [("hook".to_owned(), ChannelReport::new("Hook", *state))].into();
            let now = begin + Duration::from_secs(*seconds);
            told.extend(
                incidents.look(&reports, now).into_iter().map(|(_, news)| (*seconds, news)),
            );
        }
        told
    }

    fn down(seconds: u64) -> News {
        News::Down { away: Duration::from_secs(seconds) }
    }

    fn well(seconds: u64) -> News {
        News::Well { away: Duration::from_secs(seconds), told_at: None }
    }

    #[tokio::test(start_paused = true)]
    async fn failing_and_login_required_are_told_at_once_and_once() {
        for state in [State::Failing, State::LoginRequired] {
            let seen = told(&[
                (0, State::Connecting),
                (2, state),
                (3, state),
                (302, State::Connecting),
                (303, State::Failing),
            ]);
            assert_eq!(seen, [(2, down(2))]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn short_absence_is_not_told_and_a_long_one_is() {
        let seen = told(&[(0, State::Connected), (1, State::Retrying), (290, State::Connected)]);
        assert_eq!(seen, []);
        let seen = told(&[
            (0, State::Retrying),
            (100, State::Connecting),
            (299, State::Retrying),
            (300, State::Retrying),
        ]);
        assert_eq!(seen, [(300, down(300))]);
    }

    #[tokio::test(start_paused = true)]
    async fn well_again_is_told_once_the_channel_stays_connected() {
        let seen = told(&[
            (0, State::Failing),
            (10, State::Connected),
            (30, State::Retrying),
            (40, State::Connected),
            (99, State::Connected),
            (100, State::Connected),
            (200, State::Connected),
        ]);
        assert_eq!(seen, [(0, down(0)), (100, well(40))]);
    }

    #[tokio::test(start_paused = true)]
    async fn channel_that_comes_and_goes_is_away() {
        let states: Vec<_> = (0..40)
            .map(|step| (step * 10, if step % 2 == 0 { State::Retrying } else { State::Connected }))
            .collect();
        assert_eq!(told(&states), [(300, down(300))]);
    }

    #[tokio::test(start_paused = true)]
    async fn next_look_is_when_something_may_be_due() {
        let begin = Instant::now();
        let mut incidents = Incidents::new(5 * MINUTE, MINUTE);
        let reports = |state| [("hook".to_owned(), ChannelReport::new("Hook", state))].into();
        assert_eq!(incidents.next_look(), None);
        incidents.look(&reports(State::Retrying), begin);
        assert_eq!(incidents.next_look(), Some(begin + 5 * MINUTE));
        incidents.look(&reports(State::Connected), begin + MINUTE);
        assert_eq!(incidents.next_look(), Some(begin + 2 * MINUTE));
        incidents.look(&reports(State::Failing), begin + MINUTE);
        assert_eq!(incidents.next_look(), None);
    }
}
