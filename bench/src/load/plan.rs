use std::time::Duration;

/// What is sent, and how fast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// People who write at the same time, each in one chat at a time.
    pub(crate) lanes: usize,
    pub(crate) pace: Pace,
    pub(crate) amount: Amount,
    /// Messages after which a lane goes on in a new chat, so that no history becomes long.
    pub(crate) messages_per_chat: u64,
    /// Whether to wait at the end until all accepted messages are answered.
    pub(crate) waits_for_answers: bool,
    /// How long to wait for the next answer before the rest counts as lost.
    pub(crate) patience: Duration,
    /// How long to wait for answers altogether.
    pub(crate) limit: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            lanes: 1,
            pace: Pace::AfterAnswer,
            amount: Amount::Messages(1),
            messages_per_chat: 20,
            waits_for_answers: true,
            patience: Duration::from_secs(30),
            limit: Duration::from_secs(180),
        }
    }
}

/// When a lane sends its next message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// When the last one was answered.
    AfterAnswer,
    /// When the last one was accepted.
    AfterAcceptance,
    /// So many a second in all lanes together; times count from when a message was due, so that one
    /// that had to wait for its lane is not measured as fast.
    PerSecond(f64),
}

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount {
    /// After so many messages in all lanes together, shared evenly.
    Messages(u64),
    Time(Duration),
}

impl Amount {
    /// Whether a lane of so many has another message to send.
    pub(super) fn has_more(self, lane: usize, lanes: usize, sent: u64, elapsed: Duration) -> bool {
        match self {
            Self::Time(time) => elapsed < time,
            Self::Messages(all) => {
                let (lane, lanes) = (lane as u64, lanes as u64);
                sent < all / lanes + u64::from(lane < all % lanes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_share_all_messages() {
        for (all, lanes) in [(0, 1), (1, 4), (10, 3), (64, 64)] {
            let of_lane = |lane| {
                (0..).take_while(move |sent| {
                    Amount::Messages(all).has_more(lane, lanes, *sent, Duration::MAX)
                })
            };
            let shares: Vec<usize> = (0..lanes).map(|lane| of_lane(lane).count()).collect();
            assert_eq!(shares.iter().sum::<usize>() as u64, all);
            assert!(shares.iter().max().unwrap() - shares.iter().min().unwrap() <= 1);
        }
    }
}
