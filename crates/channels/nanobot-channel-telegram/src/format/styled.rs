/// What a stretch of text looks like. One tag is one entity of Telegram.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tag {
    /// A quotation; the number keeps neighbours apart.
    Quote(usize),
    /// A code block; the number keeps neighbours apart.
    Pre {
        block: usize,
        language: String,
    },
    Link(String),
    Bold,
    Italic,
    Strike,
    Code,
}

/// Text of one look. Its tags are sorted, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) tags: Vec<Tag>,
}

/// Text with its looks.
///
/// The looks are flat, not a tree, so a cut anywhere leaves two texts that are each well formed:
/// a code block that is cut is closed before the cut and opened again after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Styled {
    pub(super) runs: Vec<Run>,
}

impl Styled {
    pub(super) fn plain(text: &str) -> Self {
        let mut styled = Self::default();
        styled.push(text, Vec::new());
        styled
    }

    /// Adds text; drops the tags that Telegram does not allow together.
    pub(super) fn push(&mut self, text: &str, tags: Vec<Tag>) {
        if text.is_empty() {
            return;
        }
        let tags = allowed_together(tags);
        match self.runs.last_mut() {
            Some(last) if last.tags == tags => last.text.push_str(text),
            _ => self.runs.push(Run { text: text.to_owned(), tags }),
        }
    }

    pub(super) fn text(&self) -> String {
        self.runs.iter().map(|run| run.text.as_str()).collect()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.runs.iter().all(|run| run.text.trim().is_empty())
    }

    /// The whole inside one quotation. Quotations cannot be nested, so inner ones go.
    pub(super) fn quoted(&self) -> Self {
        let mut quoted = Self::default();
        for run in &self.runs {
            let inner = run.tags.iter().filter(|tag| !matches!(tag, Tag::Quote(_))).cloned();
            quoted.push(&run.text, std::iter::once(Tag::Quote(0)).chain(inner).collect());
        }
        quoted
    }
}

/// See [Bot API/formatting options](https://core.telegram.org/bots/api#formatting-options): code
/// neither contains other looks nor is part of them, except of a quotation.
fn allowed_together(mut tags: Vec<Tag>) -> Vec<Tag> {
    let is_pre = tags.iter().any(|tag| matches!(tag, Tag::Pre { .. }));
    let is_link = tags.iter().any(|tag| matches!(tag, Tag::Link(_)));
    let is_code = tags.contains(&Tag::Code);
    if is_pre {
        tags.retain(|tag| matches!(tag, Tag::Quote(_) | Tag::Pre { .. }));
    } else if is_link {
        // A link that can be followed is worth more than the look of code.
        tags.retain(|tag| *tag != Tag::Code);
    } else if is_code {
        tags.retain(|tag| matches!(tag, Tag::Quote(_) | Tag::Code));
    }
    tags.sort();
    tags.dedup();
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_that_telegram_does_not_combine_are_dropped() {
        let link = Tag::Link("https://a".into());
        assert_eq!(allowed_together(vec![Tag::Bold, Tag::Code]), [Tag::Code]);
        assert_eq!(allowed_together(vec![link.clone(), Tag::Code]), [link]);
        assert_eq!(allowed_together(vec![Tag::Code, Tag::Quote(1)]), [Tag::Quote(1), Tag::Code]);
        assert_eq!(allowed_together(vec![Tag::Italic, Tag::Bold]), [Tag::Bold, Tag::Italic]);
    }
}
