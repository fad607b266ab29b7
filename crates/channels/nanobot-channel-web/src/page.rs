use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// The page as it is in the repository: one file, nothing from anywhere else.
const SOURCE: &str = include_str!("page.html");
/// Stands for the title in [`SOURCE`].
const TITLE: &str = "{{title}}";

/// The page with its title, and the policy under which the browser runs it.
pub(crate) struct Page {
    pub(crate) html: String,
    script_hash: String,
    style_hash: String,
}

impl Page {
    pub(crate) fn new(title: &str) -> Self {
        Self {
            html: SOURCE.replace(TITLE, &escape(title)),
            script_hash: hash_of(inside("script")),
            style_hash: hash_of(inside("style")),
        }
    }

    /// The Content-Security-Policy of the page, opened under a host that has been checked.
    ///
    /// Only the script and the style in the page run, it talks only to the hub, and no text can
    /// become markup: `require-trusted-types-for` makes `innerHTML` fail.
    pub(crate) fn policy(&self, host: &str) -> String {
        let Self { script_hash, style_hash, .. } = self;
        // Older Safari does not take 'self' to cover WebSockets, so they are named.
        format!(
            "default-src 'none'; script-src 'sha256-{script_hash}'; \
             style-src 'sha256-{style_hash}'; img-src data: 'self'; \
             connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
        )
    }
}

/// The text between the only two tags of this name.
fn inside(tag: &str) -> &'static str {
    let (_, rest) =
        SOURCE.split_once(&format!("<{tag}>")).expect("the page has this tag, a test sees to it");
    let (text, _) =
        rest.split_once(&format!("</{tag}>")).expect("the page closes this tag, a test sees to it");
    text
}

fn hash_of(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_has_the_hashes_of_what_is_served() {
        let page = Page::new("nanobot");
        for tag in ["script", "style"] {
            let (_, rest) = page.html.split_once(&format!("<{tag}>")).unwrap();
            let (served, _) = rest.split_once(&format!("</{tag}>")).unwrap();
            let source = format!("{tag}-src 'sha256-{}'", hash_of(served));
            assert!(page.policy("localhost").contains(&source), "{tag}");
        }
    }

    #[test]
    fn page_needs_nothing_that_the_policy_forbids() {
        assert_eq!(SOURCE.matches("<script").count(), 1);
        assert_eq!(SOURCE.matches("<style").count(), 1);
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            " style=\"",
            " onclick=",
            "http://www",
            "eval(",
            "<link rel=\"stylesheet",
            "\r",
        ] {
            let allowed = "http://www.w3.org/2000/svg";
            let source = SOURCE.replace(allowed, "");
            assert!(!source.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn title_cannot_become_markup() {
        let page = Page::new("</title><script>alert(1)</script>");
        assert_eq!(page.html.matches("<script").count(), 1);
    }
}
