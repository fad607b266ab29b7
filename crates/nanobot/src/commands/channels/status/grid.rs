//! A table that fits the terminal: when it is narrow, less important columns are left out and the
//! last one is cut.

use anstyle::Style;

use crate::output::{harmless, styled};

/// Between two columns.
const GAP: usize = 2;
/// Narrower, the last column says nothing.
const LEAST_LAST: usize = 12;

/// One column, with a cell for each row.
pub(super) struct Column {
    header: &'static str,
    cells: Vec<Cell>,
    /// The lowest is left out first; `None` is never left out.
    weight: Option<u8>,
}

struct Cell {
    text: String,
    style: Style,
}

impl Column {
    pub(super) fn new(header: &'static str, weight: Option<u8>) -> Self {
        Self { header, cells: Vec::new(), weight }
    }

    pub(super) fn add(&mut self, text: impl Into<String>) {
        self.add_styled(text, Style::new());
    }

    pub(super) fn add_styled(&mut self, text: impl Into<String>, style: Style) {
        let text = harmless(&text.into()).replace(['\n', '\t'], " ");
        self.cells.push(Cell { text, style });
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.text.chars().count());
        cells.chain([self.header.chars().count()]).max().unwrap_or_default()
    }
}

/// The lines, the header first; no longer than `width` where one is given.
pub(super) fn lines(mut columns: Vec<Column>, width: Option<usize>) -> Vec<String> {
    if let Some(width) = width {
        leave_out(&mut columns, width);
    }
    let widths = widths(&columns, width);
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or_default();
    let header = columns.iter().map(|column| (column.header, Style::new()));
    let mut lines = vec![line(header, &widths)];
    for row in 0..rows {
        let cells = columns.iter().filter_map(|column| column.cells.get(row));
        lines.push(line(cells.map(|cell| (cell.text.as_str(), cell.style)), &widths));
    }
    lines
}

/// Leaves out columns, the least important first, until the rest fits.
fn leave_out(columns: &mut Vec<Column>, width: usize) {
    while needed(columns) > width {
        let weights = columns.iter().enumerate().filter_map(|(at, it)| Some((it.weight?, at)));
        let Some((_, least)) = weights.min() else { return };
        columns.remove(least);
    }
}

/// What the columns need if the last one is cut as far as is sensible.
fn needed(columns: &[Column]) -> usize {
    let Some((last, others)) = columns.split_last() else { return 0 };
    let others: usize = others.iter().map(|column| column.width() + GAP).sum();
    others + last.width().min(LEAST_LAST)
}

fn widths(columns: &[Column], width: Option<usize>) -> Vec<usize> {
    let mut room = width.unwrap_or(usize::MAX);
    let mut widths = Vec::new();
    for column in columns {
        let fitting = column.width().min(room);
        room = room.saturating_sub(fitting + GAP);
        widths.push(fitting);
    }
    widths
}

fn line<'a>(cells: impl Iterator<Item = (&'a str, Style)>, widths: &[usize]) -> String {
    let mut line = String::new();
    // Spaces are written before the next cell, so that there are none at the end.
    let mut spaces = 0;
    for ((text, style), width) in cells.zip(widths) {
        let text = cut(text, *width);
        let length = text.chars().count();
        if length > 0 {
            line.extend(std::iter::repeat_n(' ', spaces));
            spaces = 0;
            line.push_str(&styled(text, style).to_string());
        }
        spaces += width - length + GAP;
    }
    line
}

/// The text in at most so many characters, with a mark where it was cut.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    let mark = if width > 0 { "…" } else { "" };
    format!("{}{mark}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let mut columns = vec![
            Column::new("Channel", None),
            Column::new("Account", Some(1)),
            Column::new("Since", Some(2)),
            Column::new("Message", None),
        ];
        for cell in ["web", "telegram"] {
            columns[0].add(cell);
            columns[1].add("nanobot");
            columns[2].add("2 h");
            columns[3].add("listening on a long address");
        }
        columns
    }

    #[track_caller]
    fn check(width: Option<usize>, expected: [&str; 3]) {
        assert_eq!(lines(columns(), width), expected);
    }

    #[test]
    fn columns_are_left_out_and_the_last_is_cut_until_the_table_fits() {
        check(
            None,
            [
                "Channel   Account  Since  Message",
                "web       nanobot  2 h    listening on a long address",
                "telegram  nanobot  2 h    listening on a long address",
            ],
        );
        check(
            Some(40),
            [
                "Channel   Account  Since  Message",
                "web       nanobot  2 h    listening on…",
                "telegram  nanobot  2 h    listening on…",
            ],
        );
        check(
            Some(30),
            [
                "Channel   Since  Message",
                "web       2 h    listening on…",
                "telegram  2 h    listening on…",
            ],
        );
        check(Some(15), ["Channel   Mess…", "web       list…", "telegram  list…"]);
    }

    #[test]
    fn styles_count_for_no_width_and_text_cannot_break_the_line() {
        let mut state = Column::new("State", None);
        state.add_styled("up", crate::output::GOOD);
        let mut last = Column::new("Message", None);
        last.add("a\nb\u{1b}[2J");
        let lines = lines(vec![state, last], None);
        assert_eq!(anstream::adapter::strip_str(&lines[1]).to_string(), "up     a b\u{fffd}[2J");
    }
}
