//! What the versions of Claude take.
//!
//! See [migrating to newer models](https://platform.claude.com/docs/en/about-claude/models/migration-guide).

/// Since this version, a temperature and a budget for thoughts are refused; how much is thought is
/// said by an effort.
const WITH_EFFORT: (u32, u32) = (4, 7);
/// Numbers of this many digits are dates.
const DATE_DIGITS: usize = 6;

/// Whether a model refuses a temperature and a budget for thoughts. Names without a version belong
/// to models that came after.
pub(super) fn thinks_by_effort(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or_default().to_lowercase();
    let Some((_, name)) = name.split_once("claude-") else {
        // A server of somebody else with a name of its own: the old and plain way.
        return false;
    };
    version(name).is_none_or(|version| version >= WITH_EFFORT)
}

/// The version in `opus-4-7`, `3-5-sonnet-20241022` or `sonnet-4.6`.
fn version(name: &str) -> Option<(u32, u32)> {
    let parts: Vec<&str> = name.split(['-', '.', '@', ':']).collect();
    let number = |part: &&str| part.parse().ok().filter(|_| part.len() < DATE_DIGITS);
    let first = parts.iter().position(|part| number(part).is_some())?;
    let minor = parts.get(first + 1).and_then(number).unwrap_or(0);
    Some((number(&parts[first])?, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_the_name() {
        for (model, expected) in [
            ("claude-opus-4-5", false),
            ("claude-3-5-sonnet-20241022", false),
            ("claude-sonnet-4-20250514", false),
            ("claude-sonnet-4-6", false),
            ("vendor/claude-sonnet-4.6", false),
            ("claude-opus-4-7", true),
            ("claude-opus-4-10", true),
            ("claude-sonnet-5", true),
            ("claude-sonnet-5-5", true),
            ("claude-mythos-preview", true),
            ("MiniMax-M2", false),
        ] {
            assert_eq!(thinks_by_effort(model), expected, "{model}");
        }
    }
}
