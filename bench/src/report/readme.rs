use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

const BEGIN: &str = "<!-- figures: written by `nanobot-bench run --readme` -->\n";
const END: &str = "<!-- end of figures -->\n";

/// Replaces what is between the marks of a file.
pub(crate) fn refresh(file: &Path, figures: &str) -> anyhow::Result<()> {
    let text =
        fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    let Some(new) = replaced(&text, figures) else {
        bail!("{} lacks the marks around the figures: {BEGIN}{END}", file.display());
    };
    fs::write(file, new).with_context(|| format!("failed to write {}", file.display()))
}

fn replaced(text: &str, figures: &str) -> Option<String> {
    let (head, rest) = text.split_once(BEGIN)?;
    let (_, tail) = rest.split_once(END)?;
    Some(format!("{head}{BEGIN}\n{}\n\n{END}{tail}", figures.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let text = format!("before\n{BEGIN}old\n{END}after\n");
        let once = replaced(&text, "new\n").unwrap();
        assert_eq!(once, format!("before\n{BEGIN}\nnew\n\n{END}after\n"));
        assert_eq!(replaced(&once, "new").unwrap(), once);
        assert_eq!(replaced("before\nafter\n", "new"), None);
    }

    #[test]
    fn our_own_readme_has_the_marks() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        assert!(replaced(&fs::read_to_string(file).unwrap(), "new").is_some());
    }
}
