/// What a stretch of text looks like, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    Link(String),
    Bold,
    Italic,
    Strike,
    Code,
}

/// Text of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    /// Sorted, each once.
    pub(super) looks: Vec<Look>,
}

/// The code block that a line is part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code {
    /// Keeps neighbours apart.
    pub(super) block: usize,
    pub(super) language: String,
}

/// One line of what is shown.
///
/// The looks are flat, not a tree, so a cut anywhere leaves two lines that are each well formed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// What goes before the text: `> `, `- `, `## `, or space.
    pub(super) prefix: String,
    /// What goes before the rest of the line if it is cut.
    pub(super) next_prefix: String,
    pub(super) runs: Vec<Run>,
    pub(super) code: Option<Code>,
    /// True for the title of what follows.
    pub(super) is_heading: bool,
}

impl Line {
    pub(super) fn push(&mut self, text: &str, looks: Vec<Look>) {
        if text.is_empty() {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if last.looks == looks => last.text.push_str(text),
            _ => self.runs.push(Run { text: text.to_owned(), looks }),
        }
    }

    pub(super) fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }

    /// True if there is no text, be it of code.
    pub(super) fn is_empty(&self) -> bool {
        self.runs.iter().all(|run| run.text.trim().is_empty())
    }

    /// True if nothing would be seen. Blank lines of code are seen.
    pub(super) fn is_blank(&self) -> bool {
        self.code.is_none() && self.is_empty()
    }

    /// The line up to a byte of its text, and the rest.
    pub(super) fn cut(&self, position: usize) -> (Self, Self) {
        let mut before = Self { runs: Vec::new(), ..self.clone() };
        let mut after = Self { prefix: self.next_prefix.clone(), ..before.clone() };
        let mut start = 0;
        for run in &self.runs {
            let inside = position.saturating_sub(start).min(run.text.len());
            before.push(&run.text[..inside], run.looks.clone());
            after.push(&run.text[inside..], run.looks.clone());
            start += run.text.len();
        }
        if self.code.is_none() {
            trim_end(&mut before);
            trim_start(&mut after);
        }
        (before, after)
    }
}

/// Text without any look, line by line.
pub(super) fn plain(text: &str) -> Vec<Line> {
    let line = |text: &str| {
        let mut line = Line::default();
        line.push(text, Vec::new());
        line
    };
    text.lines().map(line).collect()
}

fn trim_end(line: &mut Line) {
    while let Some(last) = line.runs.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            return;
        }
        line.runs.pop();
    }
}

fn trim_start(line: &mut Line) {
    while let Some(first) = line.runs.first_mut() {
        first.text = first.text.trim_start().to_owned();
        if !first.text.is_empty() {
            return;
        }
        line.runs.remove(0);
    }
}
