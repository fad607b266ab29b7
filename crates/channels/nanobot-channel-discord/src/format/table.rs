use nanobot_channel_kit::{layout, layout_width};

/// Columns of fixed-width text that fit on a telephone lying on its side.
const MAX_WIDTH: usize = 64;

/// The lines of a table in fixed width; None if it is too wide.
pub(super) fn fixed_width(rows: &[Vec<String>]) -> Option<Vec<String>> {
    (layout_width(rows) <= MAX_WIDTH).then(|| layout(rows).lines().map(str::to_owned).collect())
}

/// Each row of a wide table as pairs of a heading and a cell.
pub(super) fn pairs(rows: &[Vec<String>]) -> Vec<Vec<(String, String)>> {
    let Some((head, body)) = rows.split_first() else { return Vec::new() };
    let pair = |row: &Vec<String>| {
        let cells = head.iter().cloned().zip(row.iter().cloned());
        cells.filter(|(_, cell)| !cell.is_empty()).collect()
    };
    body.iter().map(pair).collect()
}
