use nanobot_channel_kit::layout_width;

/// Columns of a fixed width that a phone shows side by side; wider lines are wrapped, and then a
/// table cannot be read.
const MAX_COLUMNS: usize = 40;

/// True if a table with these rows cannot be shown as one.
pub(super) fn is_too_wide(rows: &[Vec<String>]) -> bool {
    rows.len() > 1 && layout_width(rows) > MAX_COLUMNS
}

/// Each row as lines: its first cell, then each other cell with its heading.
pub(super) fn records(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let Some((heads, rows)) = rows.split_first() else { return Vec::new() };
    rows.iter().map(|row| record(heads, row)).collect()
}

fn record(heads: &[String], row: &[String]) -> Vec<String> {
    let title = row.first().filter(|title| !title.is_empty()).map_or("–", String::as_str);
    let cells = row.iter().enumerate().skip(1).filter(|(_, cell)| !cell.is_empty());
    let lines = cells.map(|(column, cell)| match heads.get(column) {
        Some(head) if !head.is_empty() => format!("• {head}: {cell}"),
        _ => format!("• {cell}"),
    });
    std::iter::once(title.to_owned()).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_phone_would_wrap_is_too_wide() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let widest = "x".repeat(MAX_COLUMNS - " │ ".chars().count() - 1);
        assert!(!is_too_wide(&[row(["A", "B"]), row(["1", &widest])]));
        assert!(is_too_wide(&[row(["A", "B"]), row(["12", &widest])]));
        // A head alone has nothing that could be told row by row.
        assert!(!is_too_wide(&[row(["12", &widest])]));
    }

    #[test]
    fn cells_without_a_head_or_a_text_are_told_as_far_as_they_go() {
        let rows = [vec!["", "B", ""], vec!["", "1", "2"], vec!["a", "", "3"]];
        let rows = rows.map(|row| row.into_iter().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(records(&rows), [vec!["–", "• B: 1", "• 2"], vec!["a", "• 3"]]);
    }
}
