use nanobot_channel_kit::{TableRows, layout};

use super::super::records;
use super::super::styled::Tag;
use super::Writer;

impl Writer {
    pub(super) fn with_table(&mut self, change: impl FnOnce(&mut TableRows)) {
        if let Some(table) = &mut self.table {
            change(table);
        }
    }

    pub(super) fn end_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        let rows = table.into_rows();
        if records::is_too_wide(&rows) {
            return self.records(&rows);
        }
        self.blocks += 1;
        let mut looks = self.shown_looks();
        looks.push(Tag::Pre { block: self.blocks, language: String::new() });
        self.write(&layout(&rows), looks);
        self.break_line(2);
    }

    fn records(&mut self, rows: &[Vec<String>]) {
        for record in records::records(rows) {
            self.break_line(2);
            for (index, line) in record.into_iter().enumerate() {
                let mut looks = self.shown_looks();
                if index == 0 {
                    looks.push(Tag::Bold);
                } else {
                    self.break_line(1);
                }
                self.write(&line, looks);
            }
        }
        self.break_line(2);
    }
}
