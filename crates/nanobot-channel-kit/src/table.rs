/// What stands between two cells.
const BORDER: &str = " │ ";

/// A table as lines of text with aligned columns, to be shown in a fixed width.
#[must_use]
pub fn layout(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(|column| column_width(rows, column)).collect();
    let mut lines = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        lines.push(line(row, &widths));
        if index == 0 && rows.len() > 1 {
            let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
            lines.push(rules.join("─┼─"));
        }
    }
    lines.join("\n")
}

/// Columns of a fixed-width font that [`layout`] takes.
#[must_use]
pub fn layout_width(rows: &[Vec<String>]) -> usize {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells: usize = (0..columns).map(|column| column_width(rows, column)).sum();
    cells + BORDER.chars().count() * columns.saturating_sub(1)
}

fn column_width(rows: &[Vec<String>], column: usize) -> usize {
    rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = widths.iter().enumerate().map(|(column, wanted)| {
        let cell = row.get(column).map(String::as_str).unwrap_or_default();
        format!("{cell}{}", " ".repeat(wanted.saturating_sub(width(cell))))
    });
    cells.collect::<Vec<_>>().join(BORDER).trim_end().to_owned()
}

/// Columns that a text takes in a fixed-width font, near enough for aligning.
fn width(text: &str) -> usize {
    text.chars().map(char_width).sum()
}

fn char_width(c: char) -> usize {
    match u32::from(c) {
        // Marks that join the character before them.
        0x0300..=0x036F | 0x200B..=0x200D | 0xFE00..=0xFE0F | 0x1F3FB..=0x1F3FF => 0,
        // Scripts of East Asia, full-width forms, pictures.
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        0x2705 | 0x274C | 0x2728 | 0x2753..=0x2757 => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_also_with_wide_characters() {
        let rows = [["Name", "OK"], ["日本", "✅"], ["Ada", ""]];
        let rows: Vec<Vec<String>> = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        assert_eq!(layout(&rows), "Name │ OK\n─────┼───\n日本 │ ✅\nAda  │");
    }
}
