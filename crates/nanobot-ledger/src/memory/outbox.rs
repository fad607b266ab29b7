use std::collections::{BTreeMap, HashMap};

use super::Finished;
use crate::{
    DeliveryFilter, DeliveryRecord, DeliveryState, FailedTry, OutboundEntry, POSSIBLE_DUPLICATE,
    Settlement, WaitingDelivery, now_ms,
};

#[derive(Debug, Default)]
pub(super) struct Outbox {
    deliveries: BTreeMap<u64, Delivery>,
    positions: HashMap<String, u64>,
    last: u64,
    finished: Finished,
}

#[derive(Debug)]
struct Delivery {
    entry: OutboundEntry,
    record: DeliveryRecord,
}

impl Outbox {
    pub(super) fn add(&mut self, entry: OutboundEntry, inbound_id: Option<String>) {
        if self.positions.contains_key(&entry.message.delivery_id) {
            return;
        }
        self.last += 1;
        let record = record(&entry, self.last, inbound_id);
        self.positions.insert(record.delivery_id.clone(), self.last);
        self.deliveries.insert(self.last, Delivery { entry, record });
    }

    pub(super) fn begin(&mut self, id: &str) -> bool {
        let Some(record) = self.record_in(id, &[DeliveryState::Waiting, DeliveryState::UnderWay])
        else {
            return false;
        };
        record.state = DeliveryState::UnderWay;
        record.attempts += 1;
        record.begun_ms = Some(now_ms());
        true
    }

    pub(super) fn fail_try(&mut self, id: &str, failed: FailedTry) {
        if let Some(record) = self.record_in(id, &[DeliveryState::UnderWay]) {
            record.state = DeliveryState::Waiting;
            record.is_unknown |= failed.is_unknown;
            record.reason = Some(failed.reason);
        }
    }

    pub(super) fn hold(&mut self, id: &str, reason: &str) {
        if let Some(record) = self.record_in(id, &[DeliveryState::Waiting, DeliveryState::UnderWay])
        {
            record.state = DeliveryState::Held;
            record.reason = Some(reason.to_owned());
        }
    }

    pub(super) fn settle(&mut self, id: &str, outcome: Settlement, bound: usize) {
        use DeliveryState::{Dead, Delivered, Dropped, Held, UnderWay, Waiting};
        match outcome {
            Settlement::Delivered(receipt) => {
                // The platform's word stands, whatever was decided meanwhile.
                let open = [Waiting, UnderWay, Held, Dead, Dropped];
                let Some(record) = self.record_in(id, &open) else {
                    return;
                };
                record.receipt = Some(receipt);
                self.end(id, Delivered, bound);
            }
            Settlement::Dead { reason } => {
                if let Some(record) = self.record_in(id, &[Waiting, UnderWay]) {
                    record.reason = Some(reason);
                    record.state = Dead;
                    record.settled_ms = Some(now_ms());
                }
            }
        }
    }

    pub(super) fn give_up(&mut self, id: &str, bound: usize) -> bool {
        use DeliveryState::{Dead, Dropped, Held, UnderWay, Waiting};
        let is_open = self.record_in(id, &[Waiting, UnderWay, Held, Dead]).is_some();
        if is_open {
            self.end(id, Dropped, bound);
        }
        is_open
    }

    pub(super) fn retry(&mut self, id: &str) -> Option<OutboundEntry> {
        let record = self.record_in(id, &[DeliveryState::Held, DeliveryState::Dead])?;
        record.state = DeliveryState::Waiting;
        record.settled_ms = None;
        let delivery = self.deliveries.get_mut(self.positions.get(id)?)?;
        if std::mem::take(&mut delivery.record.is_unknown) {
            let metadata = &mut delivery.entry.message.metadata;
            metadata.insert(POSSIBLE_DUPLICATE.to_owned(), true.into());
        }
        Some(delivery.next_try())
    }

    pub(super) fn waiting(&self) -> Vec<WaitingDelivery> {
        let waits = |it: &&Delivery| {
            matches!(it.record.state, DeliveryState::Waiting | DeliveryState::UnderWay)
        };
        let waiting = self.deliveries.values().filter(waits);
        waiting
            .map(|it| WaitingDelivery { entry: it.next_try(), is_unknown: it.record.is_unknown })
            .collect()
    }

    pub(super) fn list(&self, filter: &DeliveryFilter) -> Vec<DeliveryRecord> {
        let wanted =
            |state: DeliveryState| filter.states.is_empty() || filter.states.contains(&state);
        self.deliveries
            .range(..filter.before.unwrap_or(u64::MAX))
            .rev()
            .map(|(_, it)| &it.record)
            .filter(|record| wanted(record.state))
            .take(filter.limit)
            .cloned()
            .collect()
    }

    pub(super) fn record(&self, id: &str) -> Option<DeliveryRecord> {
        self.delivery(id).map(|it| it.record.clone())
    }

    pub(super) fn answers_to(&self, inbound_id: &str) -> Vec<DeliveryRecord> {
        let records = self.deliveries.values().map(|it| &it.record);
        records.filter(|record| record.inbound_id.as_deref() == Some(inbound_id)).cloned().collect()
    }

    fn end(&mut self, id: &str, state: DeliveryState, bound: usize) {
        let Some(position) = self.positions.get(id) else {
            return;
        };
        if let Some(it) = self.deliveries.get_mut(position) {
            it.record.state = state;
            it.record.settled_ms = Some(now_ms());
            it.record.text = String::new();
            it.entry.message.text = String::new();
        }
        if let Some(forgotten) = self.finished.add(id.to_owned(), bound)
            && let Some(position) = self.positions.remove(&forgotten)
        {
            self.deliveries.remove(&position);
        }
    }

    fn delivery(&self, id: &str) -> Option<&Delivery> {
        self.deliveries.get(self.positions.get(id)?)
    }

    fn record_in(&mut self, id: &str, states: &[DeliveryState]) -> Option<&mut DeliveryRecord> {
        let delivery = self.deliveries.get_mut(self.positions.get(id)?)?;
        let record = &mut delivery.record;
        states.contains(&record.state).then_some(record)
    }
}

impl Delivery {
    fn next_try(&self) -> OutboundEntry {
        let mut entry = self.entry.clone();
        entry.message.attempt = self.record.attempts + 1;
        entry
    }
}

fn record(entry: &OutboundEntry, position: u64, inbound_id: Option<String>) -> DeliveryRecord {
    DeliveryRecord {
        position,
        delivery_id: entry.message.delivery_id.clone(),
        inbound_id,
        channel: entry.channel.clone(),
        chat_id: entry.message.chat_id.clone(),
        state: DeliveryState::Waiting,
        is_unknown: false,
        attempts: 0,
        text: entry.message.text.clone(),
        reason: None,
        receipt: None,
        created_ms: now_ms(),
        begun_ms: None,
        settled_ms: None,
    }
}
