use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag as Mark, TagEnd};

use super::records;
use super::styled::{Styled, Tag};
use nanobot_channel_kit::layout;

/// Reads CommonMark with tables, strikethrough and task lists.
pub(super) fn parse(markdown: &str) -> Styled {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer = Writer::default();
    for event in Parser::new_ext(markdown, options) {
        writer.event(event);
    }
    writer.styled
}

#[derive(Default)]
struct Writer {
    styled: Styled,
    /// Looks of the text that comes.
    looks: Vec<Tag>,
    /// Line ends to write before the next text.
    breaks: usize,
    /// What starts the list item that comes.
    marker: Option<String>,
    /// Open lists: the next number, or none for bullets.
    lists: Vec<Option<u64>>,
    quote_depth: usize,
    /// Quotations and code blocks so far.
    blocks: usize,
    table: Option<Table>,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    cell: String,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(mark) => self.start(mark),
            Event::End(mark) => self.end(mark),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => self.code(&code),
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Rule => self.rule(),
            Event::TaskListMarker(is_done) => self.task(is_done),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.text(&text),
            Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, mark: Mark<'_>) {
        match mark {
            Mark::Paragraph => self.block(),
            Mark::Heading { .. } => {
                self.block();
                self.looks.push(Tag::Bold);
            }
            Mark::BlockQuote(_) => self.start_quote(),
            Mark::CodeBlock(kind) => self.start_code(&kind),
            Mark::List(first) => self.start_list(first),
            Mark::Item => self.start_item(),
            Mark::Table(_) => {
                self.block();
                self.table = Some(Table::default());
            }
            Mark::TableHead | Mark::TableRow => {
                self.with_table(|table| table.rows.push(Vec::new()));
            }
            Mark::Emphasis => self.looks.push(Tag::Italic),
            Mark::Strong => self.looks.push(Tag::Bold),
            Mark::Strikethrough => self.looks.push(Tag::Strike),
            Mark::Link { dest_url, .. } | Mark::Image { dest_url, .. } => {
                self.looks.push(Tag::Link(dest_url.into_string()));
            }
            _ => {}
        }
    }

    fn end(&mut self, mark: TagEnd) {
        match mark {
            TagEnd::Paragraph => self.break_line(2),
            TagEnd::Heading(_) => {
                self.looks.pop();
                self.break_line(2);
            }
            TagEnd::BlockQuote(_) => self.end_quote(),
            TagEnd::CodeBlock => {
                self.looks.pop();
                self.break_line(2);
            }
            TagEnd::List(_) => self.end_list(),
            TagEnd::Item => {
                self.flush_marker();
                self.break_line(1);
            }
            TagEnd::Table => self.end_table(),
            TagEnd::TableCell => self.end_cell(),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.looks.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(table) = &mut self.table {
            table.cell.push_str(text);
            return;
        }
        // The line end before the closing fence is not part of the code.
        let is_code = matches!(self.looks.last(), Some(Tag::Pre { .. }));
        let text = if is_code { text.strip_suffix('\n').unwrap_or(text) } else { text };
        if text.is_empty() && !is_code {
            return;
        }
        self.write(text, self.shown_looks());
        if is_code {
            self.breaks = 1;
        }
    }

    fn code(&mut self, code: &str) {
        if let Some(table) = &mut self.table {
            table.cell.push_str(code);
            return;
        }
        let mut looks = self.shown_looks();
        looks.push(Tag::Code);
        self.write(code, looks);
    }

    /// Telegram shows no HTML of the writer's, so its source is shown, except for line breaks.
    fn html(&mut self, html: &str) {
        let tag = html.trim().to_ascii_lowercase();
        if matches!(tag.as_str(), "<br>" | "<br/>" | "<br />") {
            return self.line_break();
        }
        self.text(html.trim_end_matches('\n'));
        if html.ends_with('\n') {
            self.break_line(1);
        }
    }

    fn line_break(&mut self) {
        match &mut self.table {
            Some(table) => table.cell.push(' '),
            None => self.breaks += 1,
        }
    }

    fn rule(&mut self) {
        self.block();
        self.write("———", self.shown_looks());
        self.break_line(2);
    }

    fn task(&mut self, is_done: bool) {
        let indent = "  ".repeat(self.lists.len().saturating_sub(1));
        self.marker = Some(format!("{indent}{} ", if is_done { "☑" } else { "☐" }));
    }

    /// A new block stands apart from the one before it, unless it is the first of a list item.
    fn block(&mut self) {
        if self.marker.is_none() {
            self.break_line(2);
        }
    }

    fn start_quote(&mut self) {
        self.block();
        self.quote_depth += 1;
        self.blocks += 1;
        if self.quote_depth == 1 {
            self.looks.push(Tag::Quote(self.blocks));
        }
    }

    fn end_quote(&mut self) {
        self.quote_depth -= 1;
        if self.quote_depth == 0 {
            self.looks.retain(|look| !matches!(look, Tag::Quote(_)));
        }
        self.break_line(2);
    }

    fn start_code(&mut self, kind: &CodeBlockKind<'_>) {
        self.block();
        // A code block is shown as a box of its own, so the item's mark gets its own line.
        if self.flush_marker() {
            self.break_line(1);
        }
        self.blocks += 1;
        let language = match kind {
            CodeBlockKind::Fenced(info) => language(info),
            CodeBlockKind::Indented => String::new(),
        };
        self.looks.push(Tag::Pre { block: self.blocks, language });
    }

    fn start_list(&mut self, first: Option<u64>) {
        if self.lists.is_empty() {
            self.block();
        } else {
            self.flush_marker();
            self.breaks = 1;
        }
        self.lists.push(first);
    }

    fn end_list(&mut self) {
        self.lists.pop();
        self.break_line(if self.lists.is_empty() { 2 } else { 1 });
    }

    fn start_item(&mut self) {
        self.break_line(1);
        let indent = "  ".repeat(self.lists.len().saturating_sub(1));
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{indent}{number}. ");
                *number += 1;
                marker
            }
            _ => format!("{indent}• "),
        };
        self.marker = Some(marker);
    }

    fn with_table(&mut self, change: impl FnOnce(&mut Table)) {
        if let Some(table) = &mut self.table {
            change(table);
        }
    }

    fn end_cell(&mut self) {
        self.with_table(|table| {
            let cell = std::mem::take(&mut table.cell);
            if let Some(row) = table.rows.last_mut() {
                row.push(cell.trim().to_owned());
            }
        });
    }

    fn end_table(&mut self) {
        let Some(table) = self.table.take() else { return };
        if records::is_too_wide(&table.rows) {
            return self.records(&table.rows);
        }
        self.blocks += 1;
        let mut looks = self.shown_looks();
        looks.push(Tag::Pre { block: self.blocks, language: String::new() });
        self.write(&layout(&table.rows), looks);
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

    /// An address that Telegram would not open is shown behind the text.
    fn end_link(&mut self) {
        let Some(Tag::Link(url)) = self.looks.pop() else { return };
        if !is_openable(&url) && !url.is_empty() && self.table.is_none() {
            self.write(&format!(" ({url})"), self.shown_looks());
        }
    }

    fn shown_looks(&self) -> Vec<Tag> {
        let is_shown = |look: &&Tag| !matches!(look, Tag::Link(url) if !is_openable(url));
        let mut looks: Vec<Tag> = self.looks.iter().filter(is_shown).cloned().collect();
        // Of links inside links, an image in a link for example, the outer one holds.
        let mut has_link = false;
        looks.retain(|look| {
            let is_link = matches!(look, Tag::Link(_));
            !is_link || !std::mem::replace(&mut has_link, true)
        });
        looks
    }

    fn break_line(&mut self, count: usize) {
        self.breaks = self.breaks.max(count);
    }

    fn write(&mut self, text: &str, looks: Vec<Tag>) {
        let breaks = std::mem::take(&mut self.breaks);
        if !self.styled.runs.is_empty() {
            let around = self.looks_of_break(&looks);
            self.styled.push(&"\n".repeat(breaks), around);
        }
        if let Some(marker) = self.marker.take() {
            let quote = looks.iter().filter(|look| matches!(look, Tag::Quote(_))).cloned();
            self.styled.push(&marker, quote.collect());
        }
        self.styled.push(text, looks);
    }

    /// Writes the mark of an item that starts with another block; says whether there was one.
    fn flush_marker(&mut self) -> bool {
        if self.marker.is_none() {
            return false;
        }
        self.write("", self.shown_looks());
        true
    }

    /// A line end belongs to the block that it is inside of, else to none.
    fn looks_of_break(&self, next: &[Tag]) -> Vec<Tag> {
        let last = self.styled.runs.last().map(|run| run.tags.as_slice()).unwrap_or_default();
        let is_block = |tag: &&Tag| matches!(tag, Tag::Quote(_) | Tag::Pre { .. });
        next.iter().filter(is_block).filter(|tag| last.contains(tag)).cloned().collect()
    }
}

/// Schemes of links that Telegram's clients open.
fn is_openable(url: &str) -> bool {
    let schemes = ["http://", "https://", "tg://", "mailto:", "tel:"];
    schemes.iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
}

/// The first word after the fence, if it can stand in an attribute.
fn language(info: &str) -> String {
    let word = info.split_whitespace().next().unwrap_or_default();
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '#' | '.' | '_');
    if word.chars().all(is_fit) { word.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::super::render;

    #[track_caller]
    fn check(markdown: &str, html: &str) {
        let parts: Vec<String> = render(markdown).into_iter().map(|part| part.html).collect();
        assert_eq!(parts, [html]);
    }

    #[test]
    fn inline_marks_become_tags() {
        check("**b** *i* ~~s~~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>");
        check("***both***", "<b><i>both</i></b>");
        check("**a `c` b**", "<b>a </b><code>c</code><b> b</b>");
        check("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d");
    }

    #[test]
    fn links_that_telegram_opens_are_links() {
        check("[a](https://x.y/?a=1&b=2)", "<a href=\"https://x.y/?a=1&amp;b=2\">a</a>");
        check("[guide](docs/a.md)", "guide (docs/a.md)");
        check("[`code`](https://x.y)", "<a href=\"https://x.y\">code</a>");
        check("![cat](https://x.y/c.png)", "<a href=\"https://x.y/c.png\">cat</a>");
    }

    #[test]
    fn blocks_stand_apart() {
        check("# Title\nText\nnext\n\n---\nEnd", "<b>Title</b>\n\nText\nnext\n\n———\n\nEnd");
    }

    #[test]
    fn lists_keep_their_levels_and_numbers() {
        check("- a\n- b\n  - c\n- d", "• a\n• b\n  • c\n• d");
        check("3. a\n4. b", "3. a\n4. b");
        check("- [x] done\n- [ ] open", "☑ done\n☐ open");
        check("1. a\n\n   more\n2. b", "1. a\n\nmore\n\n2. b");
    }

    #[test]
    fn code_blocks_keep_their_language_and_blank_lines() {
        check(
            "```rust\nlet a = 1 < 2;\n\nb\n```",
            "<pre><code class=\"language-rust\">let a = 1 &lt; 2;\n\nb</code></pre>",
        );
        check("```\"><b>\nx\n```", "<pre>x</pre>");
        check("- a\n  ```\n  x\n  ```", "• a\n\n<pre>x</pre>");
        check("```\na\n```\n```\nb\n```", "<pre>a</pre>\n\n<pre>b</pre>");
    }

    #[test]
    fn unfinished_code_block_is_a_code_block() {
        check("see\n```py\nprint(", "see\n\n<pre><code class=\"language-py\">print(</code></pre>");
    }

    #[test]
    fn quotations_are_never_nested() {
        check("> a\n> > b\n\nc", "<blockquote>a\n\nb</blockquote>\n\nc");
    }

    #[test]
    fn tables_are_preformatted() {
        check("| A | B |\n|---|---|\n| 1 | `x` |", "<pre>A │ B\n──┼──\n1 │ x</pre>");
    }

    #[test]
    fn table_that_no_phone_shows_is_told_row_by_row() {
        check(
            "| Day | Task | Done |\n|---|---|---|\n| Monday | Look at `main.rs` and fix what is slow | ✅ |\n| Tuesday | Rest | |",
            "<b>Monday</b>\n• Task: Look at main.rs and fix what is slow\n• Done: ✅\n\n<b>Tuesday</b>\n• Task: Rest",
        );
    }

    #[test]
    fn html_of_the_writer_is_shown_as_text() {
        check("a <b>x</b><br>b", "a &lt;b&gt;x&lt;/b&gt;\nb");
        check("<div>\nx\n</div>", "&lt;div&gt;\nx\n&lt;/div&gt;");
    }

    #[test]
    fn markdown_that_shows_nothing_is_shown_as_it_is() {
        check("[a]: https://x.y", "[a]: https://x.y");
        assert!(render(" \n").is_empty());
    }
}
