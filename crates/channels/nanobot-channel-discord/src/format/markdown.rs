mod links;
mod tables;

use nanobot_channel_kit::{Lists, TableRows, code_language, is_line_break};
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::line::{Code, Line, Look};

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
    lists: Lists,
    quote_depth: usize,
    /// Marks of the heading that is being written.
    heading: Option<&'static str>,
    code: Option<Code>,
    blocks: usize,
    table: Option<TableRows>,
    /// True if the next block stands apart from the last one.
    is_apart: bool,
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
                if self.lists.depth() == 0 {
                    self.start_block();
                }
                self.flush_marker();
                self.lists.start(first);
            }
            Tag::Item => self.start_item(),
            Tag::Table(_) => {
                self.start_block();
                self.table = Some(TableRows::default());
            }
            Tag::TableHead | Tag::TableRow => {
                self.with_table(TableRows::start_row);
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
                self.lists.end();
                self.end_line();
                self.is_apart = self.lists.depth() == 0;
            }
            TagEnd::Item => {
                self.flush_marker();
                self.end_line();
                self.is_apart = false;
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
            _ if self.lists.depth() > 0 => "",
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
        self.is_apart = self.lists.depth() > 0;
    }

    fn start_code(&mut self, kind: &CodeBlockKind<'_>) {
        self.start_block();
        self.flush_marker();
        self.end_line();
        let language = match kind {
            CodeBlockKind::Fenced(info) => code_language(info),
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
        self.marker = Some(self.lists.next_mark('-'));
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
            table.add(text);
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
            Some(table) => table.add(" "),
            None => self.end_line(),
        }
    }

    /// Discord shows no HTML, so its source is shown, except for line breaks.
    fn html(&mut self, html: &str) {
        if is_line_break(html) {
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

    fn quote(&self) -> &'static str {
        // Discord knows one level.
        if self.quote_depth > 0 { "> " } else { "" }
    }

    fn open_line(&mut self) -> &mut Line {
        let next_prefix = format!("{}{}", self.quote(), "  ".repeat(self.lists.depth()));
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

#[cfg(test)]
mod tests;
