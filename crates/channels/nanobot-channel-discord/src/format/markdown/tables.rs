use nanobot_channel_kit::TableRows;

use super::super::line::Look;
use super::super::table;
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
        if let Some(lines) = table::fixed_width(&rows) {
            let code = self.new_code(String::new());
            for line in lines {
                self.push_code_line(&line, Some(code.clone()));
            }
        } else {
            table::pairs(&rows).iter().for_each(|row| self.list_row(row));
        }
        self.end_block();
    }

    fn list_row(&mut self, row: &[(String, String)]) {
        self.marker = Some("- ".to_owned());
        let last = row.len().saturating_sub(1);
        for (index, (head, cell)) in row.iter().enumerate() {
            let line = self.open_line();
            line.push(head, vec![Look::Bold]);
            line.push(&format!(": {cell}{}", if index < last { " · " } else { "" }), Vec::new());
        }
        self.end_line();
    }
}
