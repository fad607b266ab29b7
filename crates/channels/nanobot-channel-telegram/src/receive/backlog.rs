use std::collections::{BTreeSet, HashMap};

use crate::api::{Message, Update};

/// Most messages of one media group.
/// See [Bot API/sendMediaGroup](https://core.telegram.org/bots/api#sendmediagroup).
const MAX_GROUP: usize = 10;

/// What becomes one message for the gateway: one message of Telegram, or all of a media group.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) update_ids: Vec<i64>,
    pub(super) messages: Vec<Message>,
}

/// The updates that Telegram has not been told to forget.
///
/// A media group comes as several updates with no word of how many. A group is complete when asking
/// again brought no more of it; until then it and what follows it in its chat wait, and the offset
/// with them.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// Updates past the offset that the gateway has stored.
    done: BTreeSet<i64>,
    /// Members of each waiting group at the last look.
    groups: HashMap<String, usize>,
}

/// What to do with a batch of updates.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// For each chat the units in order.
    pub(super) lanes: Vec<Vec<Unit>>,
    /// Updates that need nothing.
    pub(super) empty: Vec<i64>,
    /// True if a media group may not be complete.
    pub(super) is_collecting: bool,
}

impl Backlog {
    pub(super) fn plan(&mut self, updates: Vec<Update>) -> Plan {
        let mut plan = Plan::default();
        let mut order: Vec<i64> = Vec::new();
        let mut chats: HashMap<i64, Vec<Unit>> = HashMap::new();
        for update in updates.into_iter().filter(|update| !self.done.contains(&update.id)) {
            let Some(message) = update.message else {
                plan.empty.push(update.id);
                continue;
            };
            let chat = message.chat.id;
            let units = chats.entry(chat).or_insert_with(|| {
                order.push(chat);
                Vec::new()
            });
            add(units, update.id, message);
        }
        let mut sizes = HashMap::new();
        for chat in order {
            let mut units = chats.remove(&chat).unwrap_or_default();
            if let Some(waiting) = units.iter().position(|unit| !self.is_complete(unit)) {
                for unit in units.drain(waiting..) {
                    sizes.extend(group_of(&unit).map(|group| (group, unit.messages.len())));
                }
                plan.is_collecting = true;
            }
            plan.lanes.push(units);
        }
        self.groups = sizes;
        plan
    }

    /// Notes updates that the gateway has stored, or that need nothing.
    pub(super) fn finish(&mut self, update_ids: impl IntoIterator<Item = i64>) {
        self.done.extend(update_ids);
    }

    /// The offset that confirms all that is finished and nothing else; `pending` are the updates of
    /// the last batch.
    pub(super) fn offset(&self, pending: &[i64]) -> Option<i64> {
        let first_open = pending.iter().filter(|id| !self.done.contains(id)).min();
        first_open.copied().or_else(|| pending.iter().max().map(|last| last + 1))
    }

    /// Forgets what lies before the offset: Telegram will not send it again.
    pub(super) fn forget_before(&mut self, offset: i64) {
        self.done = self.done.split_off(&offset);
    }

    fn is_complete(&self, unit: &Unit) -> bool {
        let size = unit.messages.len();
        group_of(unit)
            .is_none_or(|group| size >= MAX_GROUP || self.groups.get(&group) == Some(&size))
    }
}

fn add(units: &mut Vec<Unit>, id: i64, message: Message) {
    let group = message.media_group_id.as_deref();
    let same = |unit: &&mut Unit| group.is_some() && group_of(unit).as_deref() == group;
    match units.iter_mut().find(same) {
        Some(unit) => {
            unit.update_ids.push(id);
            unit.messages.push(message);
        }
        None => units.push(Unit { update_ids: vec![id], messages: vec![message] }),
    }
}

fn group_of(unit: &Unit) -> Option<String> {
    unit.messages.first().and_then(|message| message.media_group_id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Chat;

    fn update(id: i64, chat: i64, group: Option<&str>) -> Update {
        let message = Message {
            chat: Chat { id: chat, ..Chat::default() },
            media_group_id: group.map(str::to_owned),
            ..Message::default()
        };
        Update { id, message: Some(message) }
    }

    fn ids(plan: &Plan) -> Vec<Vec<Vec<i64>>> {
        let lane = |lane: &Vec<Unit>| lane.iter().map(|unit| unit.update_ids.clone()).collect();
        plan.lanes.iter().map(lane).collect()
    }

    #[test]
    fn chats_are_separate_and_in_order() {
        let updates = vec![update(1, 7, None), update(2, 8, None), update(3, 7, None)];
        let plan = Backlog::default().plan(updates);
        assert_eq!(ids(&plan), [vec![vec![1], vec![3]], vec![vec![2]]]);
        assert!(!plan.is_collecting);
    }

    #[test]
    fn media_group_waits_until_it_stops_growing_and_holds_up_its_chat_only() {
        let mut backlog = Backlog::default();
        let first = vec![update(1, 7, Some("g")), update(2, 7, None), update(3, 8, None)];
        let plan = backlog.plan(first.clone());
        assert_eq!(ids(&plan), [vec![], vec![vec![3]]]);
        assert!(plan.is_collecting);
        backlog.finish([3]);
        assert_eq!(backlog.offset(&[1, 2, 3]), Some(1));

        let grown = [first, vec![update(4, 7, Some("g"))]].concat();
        assert!(backlog.plan(grown.clone()).is_collecting);
        let plan = backlog.plan(grown);
        assert_eq!(ids(&plan), [vec![vec![1, 4], vec![2]]]);
        assert!(!plan.is_collecting);
    }

    #[test]
    fn offset_moves_past_finished_updates_only() {
        let mut backlog = Backlog::default();
        backlog.finish([5, 7]);
        assert_eq!(backlog.offset(&[5, 6, 7]), Some(6));
        backlog.finish([6]);
        assert_eq!(backlog.offset(&[5, 6, 7]), Some(8));
        assert_eq!(backlog.offset(&[]), None);
        backlog.forget_before(8);
        assert!(backlog.done.is_empty());
    }
}
