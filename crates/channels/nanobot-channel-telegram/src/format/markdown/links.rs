use nanobot_channel_kit::has_scheme;

use super::super::styled::Tag;
use super::Writer;

/// Schemes of links that Telegram's clients open.
const SCHEMES: &[&str] = &["http://", "https://", "tg://", "mailto:", "tel:"];

impl Writer {
    /// An address that Telegram would not open is shown behind the text.
    pub(super) fn end_link(&mut self) {
        let Some(Tag::Link(url)) = self.looks.pop() else { return };
        if !has_scheme(&url, SCHEMES) && !url.is_empty() && self.table.is_none() {
            self.write(&format!(" ({url})"), self.shown_looks());
        }
    }

    pub(super) fn shown_looks(&self) -> Vec<Tag> {
        let is_shown = |look: &&Tag| !matches!(look, Tag::Link(url) if !has_scheme(url, SCHEMES));
        let mut looks: Vec<Tag> = self.looks.iter().filter(is_shown).cloned().collect();
        // Of links inside links, an image in a link for example, the outer one holds.
        let mut has_link = false;
        looks.retain(|look| {
            let is_link = matches!(look, Tag::Link(_));
            !is_link || !std::mem::replace(&mut has_link, true)
        });
        looks
    }
}
