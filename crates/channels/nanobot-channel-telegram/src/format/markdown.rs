mod links;
mod tables;

use nanobot_channel_kit::{Lists, TableRows, code_language, is_line_break};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag as Mark, TagEnd};

use super::styled::{Styled, Tag};

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
    lists: Lists,
    quote_depth: usize,
    /// Quotations and code blocks so far.
    blocks: usize,
    table: Option<TableRows>,
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
                self.table = Some(TableRows::default());
            }
            Mark::TableHead | Mark::TableRow => {
                self.with_table(TableRows::start_row);
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
            TagEnd::TableCell => self.with_table(TableRows::end_cell),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => {
                self.looks.pop();
            }
            TagEnd::Link | TagEnd::Image => self.end_link(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(table) = &mut self.table {
            table.add(text);
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
            table.add(code);
            return;
        }
        let mut looks = self.shown_looks();
        looks.push(Tag::Code);
        self.write(code, looks);
    }

    /// Telegram shows no HTML of the writer's, so its source is shown, except for line breaks.
    fn html(&mut self, html: &str) {
        if is_line_break(html) {
            return self.line_break();
        }
        self.text(html.trim_end_matches('\n'));
        if html.ends_with('\n') {
            self.break_line(1);
        }
    }

    fn line_break(&mut self) {
        match &mut self.table {
            Some(table) => table.add(" "),
            None => self.breaks += 1,
        }
    }

    fn rule(&mut self) {
        self.block();
        self.write("———", self.shown_looks());
        self.break_line(2);
    }

    fn task(&mut self, is_done: bool) {
        let indent = self.lists.indent();
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
            CodeBlockKind::Fenced(info) => code_language(info),
            CodeBlockKind::Indented => String::new(),
        };
        self.looks.push(Tag::Pre { block: self.blocks, language });
    }

    fn start_list(&mut self, first: Option<u64>) {
        if self.lists.depth() == 0 {
            self.block();
        } else {
            self.flush_marker();
            self.breaks = 1;
        }
        self.lists.start(first);
    }

    fn end_list(&mut self) {
        self.lists.end();
        self.break_line(if self.lists.depth() == 0 { 2 } else { 1 });
    }

    fn start_item(&mut self) {
        self.break_line(1);
        self.marker = Some(self.lists.next_mark('•'));
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

#[cfg(test)]
mod tests;
