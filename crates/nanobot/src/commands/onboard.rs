mod answer;
mod fill;
mod next_steps;

use std::path::Path;

use nanobot_config::{Config, ConfigErrorKind, ConfigFile};

use crate::catalog::Catalog;
use crate::cli::OnboardArgs;
use crate::exit::Outcome;
use crate::instance::{Instance, tell_warnings};
use crate::output::{self, done};
use crate::{logging, runtime, workspace};
use answer::Existing;
use fill::Added;

pub(crate) fn run(args: OnboardArgs) -> anyhow::Result<Outcome> {
    let wanted = Existing::from_options(args.refresh, args.overwrite);
    let instance = Instance::new(args.instance)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let path = &instance.paths.config_file;
    let (mut file, kind) = match ConfigFile::load(path) {
        Ok(mut file) => {
            // Before anything is asked or changed: a file that cannot be used stays as it is.
            instance.resolve(&file)?;
            let wanted = wanted.map_or_else(|| answer::ask(path), Ok)?;
            if wanted == Existing::Overwrite {
                file.reset_to_defaults();
            }
            (file, Kind::Existing(wanted))
        }
        Err(error) if error.kind() == ConfigErrorKind::Missing => {
            (ConfigFile::new_with_defaults(path), Kind::New)
        }
        Err(error) => return Err(error.into()),
    };
    runtime::interruptible(async {
        let added = fill::fill(&instance, &mut file, &Catalog::find(&instance)).await?;
        let config = instance.resolve(&file)?;
        // Only then the previous content is kept beside it.
        let is_changed = file.is_changed();
        file.save()?;
        tell_config(path, kind, is_changed, &added)?;
        tell_warnings(path, &config.warnings);
        set_up_workspace(&instance, &config)?;
        next_steps::tell(&instance, &config)?;
        Ok(Outcome::Success)
    })
}

/// What became of the config file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    New,
    Existing(Existing),
}

fn tell_config(path: &Path, kind: Kind, is_changed: bool, added: &Added) -> anyhow::Result<()> {
    let place = path.display();
    match kind {
        Kind::New => output::line(done(format_args!("Created config at {place}")))?,
        Kind::Existing(Existing::Overwrite) => {
            output::line(done(format_args!("Config reset to defaults at {place}")))?;
            if is_changed {
                output::line(format_args!("  The previous one is kept at {place}.bak"))?;
            }
        }
        Kind::Existing(Existing::Refresh) => {
            let text = format!("Config refreshed at {place} (existing values preserved)");
            output::line(done(text))?;
        }
    }
    for key in &added.keys {
        output::line(format_args!("  Added {key}"))?;
    }
    for failure in &added.failures {
        output::warning(failure);
    }
    Ok(())
}

fn set_up_workspace(instance: &Instance, config: &Config) -> anyhow::Result<()> {
    let folder = instance.workspace(config);
    let is_new = !folder.exists();
    let created = workspace::create(&folder)?;
    if is_new {
        output::line(done(format_args!("Created workspace at {}", folder.display())))?;
    }
    for name in created {
        output::line(format_args!("  Created {name}"))?;
    }
    Ok(())
}
