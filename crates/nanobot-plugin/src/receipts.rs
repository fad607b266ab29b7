use std::collections::{HashMap, VecDeque};

use nanobot_channel::Receipt;

/// Receipts that are remembered.
const MAX_RECEIPTS: usize = 1024;

/// The receipts of the latest deliveries, by delivery id; the oldest is forgotten first.
#[derive(Default)]
pub(crate) struct Receipts {
    by_id: HashMap<String, Receipt>,
    order: VecDeque<String>,
}

impl Receipts {
    pub(crate) fn get(&self, delivery_id: &str) -> Option<&Receipt> {
        self.by_id.get(delivery_id)
    }

    pub(crate) fn insert(&mut self, delivery_id: String, receipt: Receipt) {
        if self.by_id.insert(delivery_id.clone(), receipt).is_none() {
            self.order.push_back(delivery_id);
        }
        if self.order.len() > MAX_RECEIPTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_receipt_is_forgotten_first() {
        let mut receipts = Receipts::default();
        for number in 0..=MAX_RECEIPTS {
            receipts.insert(format!("d{number}"), Receipt::default());
        }
        assert_eq!(receipts.get("d0"), None);
        assert!(receipts.get("d1").is_some());
        assert_eq!(receipts.by_id.len(), MAX_RECEIPTS);
    }
}
