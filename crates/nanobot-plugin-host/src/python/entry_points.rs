/// The group of channel packages.
pub(super) const GROUP: &str = "nanobot.channels";

/// An entry point: a name, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntryPoint {
    pub(super) name: String,
    /// As in the file, e.g. `package.module:Class`; extras may follow in brackets.
    pub(super) value: String,
}

impl EntryPoint {
    /// True if the name can be the key of a section, and the name of a folder.
    pub(super) fn has_valid_name(&self) -> bool {
        let mut letters = self.name.chars();
        letters.next().is_some_and(|letter| letter.is_ascii_alphanumeric())
            && letters.all(|letter| letter.is_ascii_alphanumeric() || "_-.".contains(letter))
    }

    /// The module before the colon; empty if there is none that could be imported.
    pub(super) fn module(&self) -> &str {
        let module = self.value.split([':', '[']).next().unwrap_or_default().trim();
        let is_word = |word: &str| {
            !word.is_empty() && word.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        if module.split('.').all(is_word) { module } else { "" }
    }
}

/// The channels in the text of an `entry_points.txt`.
pub(super) fn channels(text: &str) -> Vec<EntryPoint> {
    let mut is_ours = false;
    let mut found = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        if let Some(group) = line.strip_prefix('[') {
            is_ours = group.strip_suffix(']').is_some_and(|group| group.trim() == GROUP);
        } else if is_ours && !line.starts_with(['#', ';']) {
            found.extend(entry_point(line));
        }
    }
    found
}

fn entry_point(line: &str) -> Option<EntryPoint> {
    let (name, value) = line.split_once('=')?;
    let value = value.split(" #").next().unwrap_or(value).trim();
    Some(EntryPoint { name: name.trim().to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = channels(text);
        let found: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_the_group_of_channels_is_read() {
        check(
            "[console_scripts]\nrun = a:b\n\n[nanobot.channels]\nwebhook = hook:Webhook\n\
             [nanobot.tools]\nx = y:z\n",
            &[("webhook", "hook:Webhook")],
        );
        check("webhook = hook:Webhook\n", &[]);
        check("[nanobot.channels", &[]);
        check("", &[]);
    }

    #[test]
    fn spaces_comments_extras_and_line_ends_do_not_matter() {
        check(
            "\u{feff}[ nanobot.channels ]\r\n# a = b:c\r\n; d = e:f\r\n  my-bot=pkg.mod : Bot [fast]\r\n\
             broken line\r\n other = m:C # the other one\r\n",
            &[("my-bot", "pkg.mod : Bot [fast]"), ("other", "m:C")],
        );
    }

    #[test]
    fn names_are_those_that_a_section_may_have_and_modules_those_that_can_be_imported() {
        #[track_caller]
        fn check(name: &str, value: &str, is_valid: bool, module: &str) {
            let entry = EntryPoint { name: name.to_owned(), value: value.to_owned() };
            assert_eq!((entry.has_valid_name(), entry.module()), (is_valid, module));
        }
        check("my-bot", "pkg.mod:Bot", true, "pkg.mod");
        check("My_Bot.2", "größe : Bot [x]", true, "größe");
        check("--help", "-c:x", false, "");
        check("../etc", "a..b:c", false, "");
        check("", "", false, "");
    }
}
