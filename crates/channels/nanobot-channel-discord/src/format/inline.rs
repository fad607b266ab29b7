use super::escape::{escape, escape_line_start};
use super::line::{Line, Look};

/// Writes a line in Discord's Markdown.
pub(super) fn render(line: &Line) -> String {
    if line.code.is_some() {
        // Three backticks would end the block; what nobody sees keeps them apart.
        return format!("{}{}", line.prefix, line.text().replace("```", "`\u{200B}``"));
    }
    let mut writer = Writer { text: line.prefix.clone(), open: Vec::new() };
    for (index, run) in line.runs.iter().enumerate() {
        let shown = shown_looks(&run.looks, &run.text);
        writer.change_to(&shown);
        writer.write(&run.text, &shown, index == 0);
    }
    writer.close(0);
    writer.text.trim_end().to_owned()
}

/// Looks without a link that would show its own address, which Discord makes one anyway.
fn shown_looks<'a>(looks: &'a [Look], text: &str) -> Vec<&'a Look> {
    let is_shown = |look: &&Look| !matches!(look, Look::Link(url) if url == text);
    looks.iter().filter(is_shown).collect()
}

struct Writer<'a> {
    text: String,
    /// Looks that are open, each with what will close it.
    open: Vec<(&'a Look, String)>,
}

impl<'a> Writer<'a> {
    fn change_to(&mut self, looks: &[&'a Look]) {
        let kept = self.open.iter().zip(looks).take_while(|((open, _), look)| open == *look);
        let kept = kept.count();
        self.close(kept);
        for look in &looks[kept..] {
            let (start, end) = self.marks(look);
            self.text.push_str(&start);
            self.open.push((look, end));
        }
    }

    fn close(&mut self, kept: usize) {
        while self.open.len() > kept {
            if let Some((_, end)) = self.open.pop() {
                self.text.push_str(&end);
            }
        }
    }

    fn marks(&self, look: &Look) -> (String, String) {
        match look {
            Look::Link(url) => ("[".to_owned(), format!("]({})", address(url))),
            Look::Bold => ("**".to_owned(), "**".to_owned()),
            // Behind an asterisk another one would belong to the bold text.
            Look::Italic if self.text.ends_with('*') => ("_".to_owned(), "_".to_owned()),
            Look::Italic => ("*".to_owned(), "*".to_owned()),
            Look::Strike => ("~~".to_owned(), "~~".to_owned()),
            // Written with the text, whose backticks decide.
            Look::Code => (String::new(), String::new()),
        }
    }

    fn write(&mut self, text: &str, looks: &[&Look], is_start: bool) {
        if looks.contains(&&Look::Code) {
            self.text.push_str(&code(text));
        } else if is_start && looks.is_empty() {
            self.text.push_str(&escape_line_start(text));
        } else {
            self.text.push_str(&escape(text));
        }
    }
}

/// Inline code. Three backticks would begin a block, so more than one in a row is kept apart by what
/// nobody sees.
fn code(text: &str) -> String {
    if !text.contains('`') {
        return format!("`{text}`");
    }
    format!("`` {} ``", text.replace("``", "`\u{200B}`"))
}

fn address(url: &str) -> String {
    if url.contains(['(', ')']) { format!("<{url}>") } else { url.to_owned() }
}
