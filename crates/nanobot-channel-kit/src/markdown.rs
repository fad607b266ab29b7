//! What channels keep in mind while they read Markdown.

/// A table whose cells come one after the other.
#[derive(Debug, Default)]
pub struct TableRows {
    rows: Vec<Vec<String>>,
    cell: String,
}

impl TableRows {
    /// Begins a row.
    pub fn start_row(&mut self) {
        self.rows.push(Vec::new());
    }

    /// Adds to the cell that comes.
    pub fn add(&mut self, text: &str) {
        self.cell.push_str(text);
    }

    /// Ends a cell.
    pub fn end_cell(&mut self) {
        let cell = std::mem::take(&mut self.cell);
        if let Some(row) = self.rows.last_mut() {
            row.push(cell.trim().to_owned());
        }
    }

    /// All rows, the heads first.
    #[must_use]
    pub fn into_rows(self) -> Vec<Vec<String>> {
        self.rows
    }
}

/// Lists that are open, each inside the one before it.
#[derive(Debug, Default)]
pub struct Lists {
    /// The next number, or none for bullets.
    open: Vec<Option<u64>>,
}

impl Lists {
    /// Begins a list at a number, or one with bullets.
    pub fn start(&mut self, first: Option<u64>) {
        self.open.push(first);
    }

    /// Ends the innermost list.
    pub fn end(&mut self) {
        self.open.pop();
    }

    /// Lists that are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The space before an item: two columns for each list around its own.
    #[must_use]
    pub fn indent(&self) -> String {
        "  ".repeat(self.depth().saturating_sub(1))
    }

    /// What stands before the next item.
    pub fn next_mark(&mut self, bullet: char) -> String {
        let indent = self.indent();
        match self.open.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{indent}{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            _ => format!("{indent}{bullet} "),
        }
    }
}

/// The language of a code block: the first word after the fence, if it can stand in an attribute.
#[must_use]
pub fn code_language(info: &str) -> String {
    let word = info.split_whitespace().next().unwrap_or_default();
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '#' | '.' | '_');
    if word.chars().all(is_fit) { word.to_owned() } else { String::new() }
}

/// True for the one tag of HTML that means something where no HTML is shown.
#[must_use]
pub fn is_line_break(html: &str) -> bool {
    matches!(html.trim().to_ascii_lowercase().as_str(), "<br>" | "<br/>" | "<br />")
}

/// True for an address of one of these schemes, e.g. `https://`, that has more than the scheme.
#[must_use]
pub fn has_scheme(url: &str, schemes: &[&str]) -> bool {
    schemes.iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_numbered_or_have_a_bullet_and_stand_below_each_other() {
        let mut lists = Lists::default();
        lists.start(Some(9));
        assert_eq!((lists.next_mark('-'), lists.next_mark('-')), ("9. ".into(), "10. ".into()));
        lists.start(None);
        assert_eq!(lists.next_mark('•'), "  • ");
        lists.end();
        assert_eq!(lists.next_mark('-'), "11. ");
    }

    #[test]
    fn last_number_that_there_is_has_no_next_and_is_no_panic() {
        let mut lists = Lists::default();
        lists.start(Some(u64::MAX));
        assert_eq!(lists.next_mark('-'), lists.next_mark('-'));
    }

    #[test]
    fn cells_are_gathered_in_rows() {
        let mut table = TableRows::default();
        table.start_row();
        for text in [" a", "b "] {
            table.add(text);
        }
        table.end_cell();
        table.end_cell();
        assert_eq!(table.into_rows(), [["ab", ""]]);
    }

    #[test]
    fn language_is_one_plain_word() {
        assert_eq!(
            (code_language("rust ignore"), code_language("c++")),
            ("rust".into(), "c++".into())
        );
        assert_eq!(code_language("\"><b>"), "");
    }
}
