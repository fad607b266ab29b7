use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::line::{Code, Line, Look};
use super::table;

/// Reads CommonMark with tables, strikethrough and task lists.
pub(super) fn parse(markdown: &str) -> Vec<Line> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut writer = Writer::default();
    for event in Parser::new_ext(markdown, options) {
        writer.event(event);
    }
    writer.end_line();
    writer.lines
}

#[derive(Default)]
struct Writer {
    lines: Vec<Line>,
    /// The line that is being written.
    line: Option<Line>,
    /// Looks of the text that comes.
    looks: Vec<Look>,
    /// What starts the list item that comes.
    marker: Option<String>,
    /// Open lists: the next number, or none for bullets.
    lists: Vec<Option<u64>>,
    quote_depth: usize,
    /// Marks of the heading that is being written.
    heading: Option<&'static str>,
    code: Option<Code>,
    blocks: usize,
    table: Option<Table>,
    /// True if the next block stands apart from the last one.
    is_apart: bool,
}

#[derive(Default)]
struct Table {
    rows: Vec<Vec<String>>,
    cell: String,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.code.is_some() => self.code_lines(&text),
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.write(&text, None);
            }
            Event::Code(code) => self.write(&code, Some(Look::Code)),
            Event::Html(html) | Event::InlineHtml(html) => self.html(&html),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Rule => self.rule(),
            Event::TaskListMarker(is_done) => {
                self.write(if is_done { "☑ " } else { "☐ " }, None);
            }
            Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.start_block(),
            Tag::Heading { level, .. } => self.start_heading(level),
            Tag::BlockQuote(_) => {
                self.start_block();
                self.quote_depth += 1;
            }
            Tag::CodeBlock(kind) => self.start_code(&kind),
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.start_block();
                }
                self.flush_marker();
                self.lists.push(first);
            }
            Tag::Item => self.start_item(),
            Tag::Table(_) => {
                self.start_block();
                self.table = Some(Table::default());
            }
            Tag::TableHead | Tag::TableRow => {
                self.with_table(|table| table.rows.push(Vec::new()));
            }
            Tag::Emphasis => self.looks.push(Look::Italic),
            Tag::Strong => self.looks.push(Look::Bold),
            Tag::Strikethrough => self.looks.push(Look::Strike),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.looks.push(Look::Link(dest_url.into_string()));
            }
            Tag::HtmlBlock => self.start_block(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.end_block(),
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::BlockQuote(_) => {
                self.quote_depth = self.quote_depth.saturating_sub(1);
                self.end_block();
            }
            TagEnd::CodeBlock => {
                self.code = None;
                self.end_block();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.end_line();
                self.is_apart = self.lists.is_empty();
            }
            TagEnd::Item => {
                self.flush_marker();
                self.end_line();
                self.is_apart = false;
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

    /// A new block stands apart from the one before it, unless it is the first of a list item.
    fn start_block(&mut self) {
        self.end_line();
        if self.is_apart && self.marker.is_none() && !self.lines.is_empty() {
            let prefix = self.quote().to_owned();
            self.lines.push(Line { prefix, ..Line::default() });
        }
        self.is_apart = false;
    }

    fn end_block(&mut self) {
        self.end_line();
        self.is_apart = true;
    }

    fn start_heading(&mut self, level: HeadingLevel) {
        self.start_block();
        // Discord knows three sizes, and none inside of lists.
        let marks = match level {
            _ if !self.lists.is_empty() => "",
            HeadingLevel::H1 => "# ",
            HeadingLevel::H2 => "## ",
            HeadingLevel::H3 => "### ",
            _ => "",
        };
        if marks.is_empty() {
            self.looks.push(Look::Bold);
        }
        self.heading = Some(marks);
    }

    fn end_heading(&mut self) {
        if self.heading.take() == Some("") {
            self.looks.pop();
        }
        self.end_line();
        // Discord leaves room below a heading itself.
        self.is_apart = !self.lists.is_empty();
    }

    fn start_code(&mut self, kind: &CodeBlockKind<'_>) {
        self.start_block();
        self.flush_marker();
        self.end_line();
        let language = match kind {
            CodeBlockKind::Fenced(info) => language(info),
            CodeBlockKind::Indented => String::new(),
        };
        self.code = Some(self.new_code(language));
    }

    fn new_code(&mut self, language: String) -> Code {
        self.blocks += 1;
        Code { block: self.blocks, language }
    }

    fn code_lines(&mut self, text: &str) {
        let text = text.strip_suffix('\n').unwrap_or(text);
        for line in text.split('\n') {
            self.push_code_line(line.trim_end_matches('\r'), self.code.clone());
        }
    }

    fn push_code_line(&mut self, text: &str, code: Option<Code>) {
        let prefix = self.quote().to_owned();
        let mut line = Line { next_prefix: prefix.clone(), prefix, code, ..Line::default() };
        line.push(text, Vec::new());
        self.lines.push(line);
    }

    fn start_item(&mut self) {
        self.end_line();
        let indent = self.indent(self.lists.len().saturating_sub(1));
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{indent}{number}. ");
                *number += 1;
                marker
            }
            _ => format!("{indent}- "),
        };
        self.marker = Some(marker);
    }

    fn indent(&self, depth: usize) -> String {
        "  ".repeat(depth)
    }

    /// Writes the mark of an item that starts with another block.
    fn flush_marker(&mut self) {
        if self.marker.is_some() {
            self.open_line();
        }
        self.end_line();
    }

    fn write(&mut self, text: &str, extra: Option<Look>) {
        if let Some(table) = &mut self.table {
            table.cell.push_str(text);
            return;
        }
        let looks = self.shown_looks(extra);
        let last = text.split('\n').count() - 1;
        for (index, piece) in text.split('\n').enumerate() {
            self.open_line().push(piece, looks.clone());
            if index < last {
                self.end_line();
            }
        }
    }

    fn line_break(&mut self) {
        match &mut self.table {
            Some(table) => table.cell.push(' '),
            None => self.end_line(),
        }
    }

    /// Discord shows no HTML, so its source is shown, except for line breaks.
    fn html(&mut self, html: &str) {
        let tag = html.trim().to_ascii_lowercase();
        if matches!(tag.as_str(), "<br>" | "<br/>" | "<br />") {
            return self.line_break();
        }
        self.write(html.trim_end_matches('\n'), None);
        if html.ends_with('\n') {
            self.end_line();
        }
    }

    fn rule(&mut self) {
        self.start_block();
        self.write("———", None);
        self.end_block();
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
        if let Some(lines) = table::fixed_width(&table.rows) {
            let code = self.new_code(String::new());
            for line in lines {
                self.push_code_line(&line, Some(code.clone()));
            }
        } else {
            table::pairs(&table.rows).iter().for_each(|row| self.list_row(row));
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

    /// An address that Discord would not open is shown behind the text.
    fn end_link(&mut self) {
        let Some(Look::Link(url)) = self.looks.pop() else { return };
        if !is_openable(&url) && !url.is_empty() && self.table.is_none() {
            self.write(&format!(" ({url})"), None);
        }
    }

    fn shown_looks(&self, extra: Option<Look>) -> Vec<Look> {
        let is_shown = |look: &&Look| !matches!(look, Look::Link(url) if !is_openable(url));
        let mut looks: Vec<Look> = self.looks.iter().filter(is_shown).cloned().collect();
        looks.extend(extra);
        // Of links inside links, an image in a link for example, the outer one holds.
        let mut has_link = false;
        looks.retain(|look| {
            let is_link = matches!(look, Look::Link(_));
            !is_link || !std::mem::replace(&mut has_link, true)
        });
        looks.sort();
        looks.dedup();
        looks
    }

    fn quote(&self) -> &'static str {
        // Discord knows one level.
        if self.quote_depth > 0 { "> " } else { "" }
    }

    fn open_line(&mut self) -> &mut Line {
        let next_prefix = format!("{}{}", self.quote(), self.indent(self.lists.len()));
        let marker = self.marker.take();
        let quote = self.quote();
        let heading = self.heading;
        self.line.get_or_insert_with(|| {
            let prefix = match (marker, heading) {
                (Some(marker), _) => format!("{quote}{marker}"),
                (None, Some(marks)) => format!("{next_prefix}{marks}"),
                (None, None) => next_prefix.clone(),
            };
            let is_heading = heading.is_some();
            Line { prefix, next_prefix, is_heading, ..Line::default() }
        })
    }

    fn end_line(&mut self) {
        self.lines.extend(self.line.take());
    }
}

/// Schemes of links that Discord opens behind a text.
fn is_openable(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
}

/// The first word after the fence, if Discord takes it for a language.
fn language(info: &str) -> String {
    let word = info.split_whitespace().next().unwrap_or_default();
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '#' | '.' | '_');
    if word.chars().all(is_fit) { word.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::super::render;

    #[track_caller]
    fn check(markdown: &str, expected: &str) {
        assert_eq!(render(markdown), [expected]);
    }

    #[test]
    fn inline_marks_are_those_of_discord() {
        check("__b__ _i_ ~~s~~ `c`", "**b** *i* ~~s~~ `c`");
        check("***both***", "**_both_**");
        check("**a `c` b**", "**a `c` b**");
        check("2 * 3 and a_b", r"2 \* 3 and a\_b");
        check("``a`b``", "`` a`b ``");
        check("```` a ```b ````", "`` a `\u{200B}``b ``");
    }

    #[test]
    fn links_that_discord_opens_are_links() {
        check("[a](https://x.y/?a=1)", "[a](https://x.y/?a=1)");
        check("[a](https://x.y/b_(c))", "[a](<https://x.y/b_(c)>)");
        check("[a](mailto:b@c.d)", "a (mailto:b@c.d)");
        check("<https://x.y/a_b>", "https://x.y/a_b");
        check("![cat](https://x.y/cat.png)", "[cat](https://x.y/cat.png)");
    }

    #[test]
    fn blocks_stand_apart() {
        check("one\n\ntwo\nthree", "one\n\ntwo\nthree");
        check("# Title\n\ntext\n\n##### Small\n\nmore", "# Title\ntext\n\n**Small**\nmore");
        check("> a\n> b\n\nc", "> a\n> b\n\nc");
        check("a\n\n---\n\nb", "a\n\n———\n\nb");
    }

    #[test]
    fn lists_are_lists() {
        check("- a\n- b\n  - c\n    1. d\n\ntext", "- a\n- b\n  - c\n    1. d\n\ntext");
        check("3. a\n4. b", "3. a\n4. b");
        check("- [x] done\n- [ ] open", "- ☑ done\n- ☐ open");
        check("1. a\n\n   b\n2. c", "1. a\n\n  b\n2. c");
    }

    #[test]
    fn code_blocks_keep_language_and_text() {
        check("```rust\nlet a = *b;\n\nok\n```", "```rust\nlet a = *b;\n\nok\n```");
        check("text\n```\na\n```\nmore", "text\n\n```\na\n```\n\nmore");
        check("~~~\n```\n~~~", "```\n`\u{200B}``\n```");
        check("> ```\n> a\n> ```", "> ```\n> a\n> ```");
    }

    #[test]
    fn narrow_table_is_aligned_and_a_wide_one_is_a_list() {
        check("| A | B |\n|---|---|\n| 1 | 22 |", "```\nA │ B\n──┼───\n1 │ 22\n```");
        let long = "word ".repeat(14);
        let wide = format!("| Name | Text |\n|---|---|\n| x | {long} |\n| y | z |");
        let expected =
            format!("- **Name**: x · **Text**: {}\n- **Name**: y · **Text**: z", long.trim());
        check(&wide, &expected);
    }

    #[test]
    fn html_is_shown_as_it_is() {
        check("a<br>b", "a\nb");
        check("<b>x</b>", "<b>x</b>");
    }

    #[test]
    fn what_shows_nothing_is_shown_as_source_or_not_at_all() {
        check("[a]: https://x.y", "[a]: https://x.y");
        assert!(render(" \n ").is_empty());
    }
}
