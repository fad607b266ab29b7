use nanobot_channel_kit::has_scheme;

use super::super::line::Look;
use super::Writer;

/// Schemes of links that Discord opens behind a text.
const SCHEMES: &[&str] = &["http://", "https://"];

impl Writer {
    /// An address that Discord would not open is shown behind the text.
    pub(super) fn end_link(&mut self) {
        let Some(Look::Link(url)) = self.looks.pop() else { return };
        if !has_scheme(&url, SCHEMES) && !url.is_empty() && self.table.is_none() {
            self.write(&format!(" ({url})"), None);
        }
    }

    pub(super) fn shown_looks(&self, extra: Option<Look>) -> Vec<Look> {
        let is_shown = |look: &&Look| !matches!(look, Look::Link(url) if !has_scheme(url, SCHEMES));
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
}
