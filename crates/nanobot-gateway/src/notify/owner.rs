use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use super::incidents::{Incidents, News};
use super::rate::Rate;
use super::{Announcer, ChatTarget, NotifySettings, text};
use crate::status::{ChannelReport, State, StatusBoard};

/// Tells the owner, through another channel, when one does not work and when it works again.
pub(crate) struct OwnerWatch {
    board: Arc<StatusBoard>,
    announcer: Announcer,
    owner: Vec<ChatTarget>,
    incidents: Incidents,
    rate: Rate,
}

impl OwnerWatch {
    pub(crate) fn new(
        settings: &NotifySettings,
        board: Arc<StatusBoard>,
        announcer: Announcer,
    ) -> Self {
        Self {
            board,
            announcer,
            owner: settings.owner.clone(),
            incidents: Incidents::new(settings.down_after, settings.well_after),
            rate: Rate::default(),
        }
    }

    /// Watches until the gateway stops; from then on channels that end are no news.
    pub(crate) async fn run(mut self) {
        let mut changes = self.board.changes();
        let closing = self.announcer.closing.clone();
        while !closing.is_cancelled() {
            changes.mark_unchanged();
            self.look().await;
            let due = self.incidents.next_look();
            tokio::select! {
                () = closing.cancelled() => {}
                _ = changes.changed() => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
        }
    }

    async fn look(&mut self) {
        let reports = self.board.snapshot();
        for (channel, news) in self.incidents.look(&reports, Instant::now()) {
            let text = text::of(&news, &channel, &reports[&channel]);
            let target = match news {
                News::Down { .. } => {
                    let target = self.target(&channel, &reports);
                    self.incidents.told(&channel, target.clone());
                    target
                }
                News::Well { told_at, .. } => told_at.or_else(|| self.any(&reports)),
            };
            self.tell(target, text, &channel).await;
        }
    }

    async fn tell(&mut self, target: Option<ChatTarget>, text: String, channel: &str) {
        let Some(target) = target else {
            tracing::warn!(channel, "No other channel to tell the owner through.");
            return;
        };
        match self.rate.take(Instant::now()) {
            Some(left_out) => {
                self.announcer.say(&target, text::with_left_out(text, left_out)).await;
            }
            None => tracing::warn!(channel, "Told the owner too much lately; left out a notice."),
        }
    }

    /// The best chat that is not reached through the channel itself: one whose channel works, else
    /// the first, where the notice then waits.
    fn target(
        &self,
        failed: &str,
        reports: &BTreeMap<String, ChannelReport>,
    ) -> Option<ChatTarget> {
        let others = || self.owner.iter().filter(|target| target.channel != failed);
        others().find(|target| is_connected(target, reports)).or_else(|| others().next()).cloned()
    }

    /// The best chat whose channel works.
    fn any(&self, reports: &BTreeMap<String, ChannelReport>) -> Option<ChatTarget> {
        self.owner.iter().find(|target| is_connected(target, reports)).cloned()
    }
}

fn is_connected(target: &ChatTarget, reports: &BTreeMap<String, ChannelReport>) -> bool {
    reports.get(&target.channel).is_some_and(|report| report.state == State::Connected)
}
