//! Checks the sections of the built-in channels, which the config itself knows nothing about.

use nanobot_channel::ChannelError;
use nanobot_config::{Config, ConfigFile};

use crate::catalog::Entry;
use crate::channels::{BUILT_INS, BuiltIn};
use crate::failure::Failure;
use crate::section::in_effect;

/// Refuses a config with which an enabled built-in channel could not run; says where and why.
pub(crate) fn check(file: &ConfigFile, config: &Config) -> Result<(), Failure> {
    for built_in in BUILT_INS.iter().filter(|it| Entry::from(*it).is_enabled(config)) {
        let Some(section) = config.channels.sections.get(built_in.name) else { continue };
        let section = in_effect(&(built_in.describe)().default_config, &section.raw);
        (built_in.check)(section).map_err(|error| located(file, built_in, &error))?;
    }
    Ok(())
}

fn located(file: &ConfigFile, built_in: &BuiltIn, error: &ChannelError) -> Failure {
    let report = error.report();
    let section = format!("channels.{}", built_in.name);
    // A channel names the key that it is about in its text.
    let named = report.split_whitespace().find(|word| word.starts_with(&section));
    let key = named.unwrap_or(&section).trim_end_matches([':', ',', '.']);
    let position = file.position(&key.split('.').collect::<Vec<_>>());
    let place = position.map(|it| format!("{}:{}:", it.line, it.column)).unwrap_or_default();
    let report = match named {
        Some(_) => report,
        None => format!("{section} cannot be used: {report}"),
    };
    let failure = Failure::new(format!("{}:{place} {report}", file.path().display()));
    match error.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}
