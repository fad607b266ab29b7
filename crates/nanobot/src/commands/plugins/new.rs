mod next_steps;
mod sources;
mod template;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use nanobot_plugin_host::is_channel_name;

use super::describe::PREFIX;
use crate::catalog::{Catalog, Provider};
use crate::cli::{Language, PluginsNewArgs};
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::{self, done};
use crate::{channels, logging};
use template::{Names, TemplateFile};

pub(crate) fn run(args: PluginsNewArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let name = channel_name(&args.name)?;
    let sources = sources::find(args.language, args.sources.as_deref())?;
    let names = Names { channel: name, sources };
    let files = template::files(args.language, &names);
    let folder = args.path.unwrap_or_else(|| PathBuf::from(names.distribution()));
    make_folder(&folder)?;
    for file in &files {
        write(&folder, file)?;
    }
    let what = args.language.label();
    output::line(done(format_args!("Wrote a channel plugin in {what} to {}", folder.display())))?;
    for file in &files {
        output::line(format_args!("  {}", file.path))?;
    }
    tell_taken(&instance, &names.channel);
    next_steps::tell(&instance, args.language, &names, &folder)?;
    Ok(Outcome::Success)
}

/// The name of the channel; it may be typed with what the names of programs begin with.
fn channel_name(typed: &str) -> Result<String, Failure> {
    let name = typed.strip_prefix(PREFIX).unwrap_or(typed);
    if !is_channel_name(name) {
        let problem = format!("{typed} cannot be the name of a channel");
        let hint = "use small letters, digits, `-` and `_`, and begin with a letter or a digit";
        return Err(Failure::new(problem).with_hint(hint));
    }
    if channels::get(name).is_some() {
        let problem = format!("{name} is the name of a built-in channel, which no plugin can take");
        return Err(Failure::new(problem).with_hint("choose another name"));
    }
    Ok(name.to_owned())
}

/// Makes the folder; one that holds something is somebody's own.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let cannot = || format!("cannot write to {}", folder.display());
    let is_empty = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) => return Err(error).with_context(cannot),
    };
    if !is_empty {
        let failure = Failure::new(format!("{} is not empty", folder.display()));
        let hint = "nothing was written; name another folder with `--path DIR`";
        return Err(failure.with_hint(hint).into());
    }
    std::fs::create_dir_all(folder).with_context(cannot)
}

fn write(folder: &Path, file: &TemplateFile) -> anyhow::Result<()> {
    let path = folder.join(&file.path);
    let cannot = || format!("cannot write {}", path.display());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(cannot)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if file.is_program {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o777);
    }
    let mut target = options.open(&path).with_context(cannot)?;
    target.write_all(file.text.as_bytes()).with_context(cannot)
}

/// A plugin that has the name keeps it until it is removed or replaced.
fn tell_taken(instance: &Instance, name: &str) {
    let catalog = Catalog::find(instance);
    if let Some(Provider::Plugin(plugin)) = catalog.get(name).map(|entry| &entry.provider) {
        output::warning(format_args!("{} is a channel of that name already", plugin.source));
        let remove = instance.command(&format!("plugins remove {name}"));
        output::hint(format_args!("before you install the new one, run `{remove}`"));
    }
}

impl Language {
    fn label(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::Script => "one file, without a library",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_discovery() {
        for (typed, expected) in [("matrix", "matrix"), ("nanobot-channel-a1_b-c", "a1_b-c")] {
            assert_eq!(channel_name(typed).unwrap(), expected);
        }
        for typed in ["", "Loud", "-dash", "a.b", "a/b", "..", "telegram", "nanobot-channel-web"] {
            assert!(channel_name(typed).is_err(), "{typed:?} was taken");
        }
    }
}
