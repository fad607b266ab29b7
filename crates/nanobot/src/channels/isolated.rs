//! Built-in channels that run in a process of their own, as plugins do.
//!
//! The process is this program again, with a hidden command that serves the channel over its standard
//! input and output.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;

use nanobot_config::Plugins;
use nanobot_plugin_host::PluginCommand;

use super::BuiltIn;

/// The hidden command.
pub(crate) const COMMAND: &str = "channel-process";
/// What Linux adds to the path of a program whose file was replaced while it runs.
const REPLACED: &str = " (deleted)";

/// Why a channel cannot be run this way.
pub(crate) const INSIDE_ONLY: &str = "it lives on the gateway's own port";

/// How to start a built-in channel as a process.
///
/// # Errors
///
/// If the system does not say where this program is.
pub(crate) fn command(name: &str) -> io::Result<PluginCommand> {
    let program = original(std::env::current_exe()?);
    Ok(PluginCommand::executable(name, program).with_arg(COMMAND).with_arg(name))
}

/// True if the config wants this channel in a process of its own, and that can be.
pub(crate) fn is_wanted(built_in: &BuiltIn, config: &Plugins) -> bool {
    built_in.serve.is_some() && config.isolate.iter().any(|name| name == built_in.name)
}

/// What a person should know about names in `plugins.isolate` that have no effect.
pub(crate) fn notes(config: &Plugins) -> Vec<String> {
    config.isolate.iter().filter_map(|name| note(name)).collect()
}

fn note(name: &str) -> Option<String> {
    match super::get(name) {
        Some(BuiltIn { serve: Some(_), .. }) => None,
        Some(_) => Some(format!(
            "plugins.isolate names {name}, which cannot run in a process of its own: {INSIDE_ONLY}"
        )),
        None => Some(format!(
            "plugins.isolate names {name}, which is no built-in channel; plugins always run in \
             processes of their own"
        )),
    }
}

/// After an update the new program is at the old path, and the path is what a restart needs.
fn original(program: PathBuf) -> PathBuf {
    let name = program.file_name().and_then(OsStr::to_str);
    match name.and_then(|name| name.strip_suffix(REPLACED)) {
        Some(name) if !program.exists() => program.with_file_name(name),
        _ => program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::BUILT_INS;

    fn wanting(names: &[&str]) -> Plugins {
        let isolate = names.iter().map(ToString::to_string).collect();
        Plugins { isolate, ..Plugins::default() }
    }

    #[test]
    fn every_built_in_channel_but_the_chat_page_can_have_a_process() {
        for built_in in BUILT_INS {
            let is_page = built_in.name == super::super::chat_page::NAME;
            let config = wanting(&[built_in.name]);
            assert_eq!(is_wanted(built_in, &config), !is_page, "{}", built_in.name);
            assert_eq!(notes(&config).len(), usize::from(is_page), "{}", built_in.name);
            assert!(!is_wanted(built_in, &Plugins::default()));
        }
    }

    #[test]
    fn names_without_effect_are_told_with_the_reason() {
        let notes = notes(&wanting(&["web", "telegram", "parrot"]));
        assert!(notes[0].contains("web") && notes[0].contains("port"), "{notes:?}");
        assert!(notes[1].contains("parrot, which is no built-in channel"), "{notes:?}");
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn program_that_was_replaced_while_it_runs_is_found_at_its_path() {
        let gone = PathBuf::from("/nowhere/nanobot (deleted)");
        assert_eq!(original(gone), PathBuf::from("/nowhere/nanobot"));
        assert_eq!(original(PathBuf::from("/nowhere/nanobot")), PathBuf::from("/nowhere/nanobot"));
    }
}
