use std::io::{self, BufRead, IsTerminal};

use anyhow::Context;
use nanobot_plugin_host::{Removable, removable, remove};

use crate::catalog;
use crate::cli::PluginsRemoveArgs;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::output::{self, done};
use crate::{control, logging, runtime};

pub(crate) fn run(args: PluginsRemoveArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let places = catalog::places(&instance);
    let plugin = removable(&places, &args.name)?;
    if !args.yes && !is_wanted(&plugin)? {
        output::note("Nothing was removed.");
        return Ok(Outcome::Failure);
    }
    remove(&places, &plugin)?;
    output::line(done(format_args!("Removed {}", plugin.path.display())))?;
    for channel in &plugin.channels {
        let folder = instance.paths.channel_state_dir(channel);
        output::line(format_args!(
            "  channels.{channel} stays in the config, and what the channel keeps in {}",
            folder.display()
        ))?;
    }
    runtime::interruptible(tell_gateway(instance))
}

/// Lets the running gateway stop what is gone.
async fn tell_gateway(instance: Instance) -> anyhow::Result<Outcome> {
    let Some(reloaded) = control::reload(&instance.paths.control_socket()).await? else {
        return Ok(Outcome::Success);
    };
    if let Some(problem) = reloaded.problem {
        output::warning(format_args!("the running gateway goes on as it is: {problem}"));
    }
    let stopped = reloaded.applied.stopped.join(", ");
    if !stopped.is_empty() {
        output::line(format_args!("  The running gateway stops {stopped}."))?;
    }
    Ok(Outcome::Success)
}

fn is_wanted(plugin: &Removable) -> anyhow::Result<bool> {
    let what = match plugin.channels.as_slice() {
        [] => plugin.path.display().to_string(),
        channels => format!("{} with the channel {}", plugin.path.display(), channels.join(", ")),
    };
    if !io::stdin().is_terminal() {
        let failure = Failure::new(format!("not removing {what}: nobody can be asked"));
        return Err(failure.with_hint("to remove it without a question, add `--yes`").into());
    }
    output::prompt(format_args!("Remove {what}? [y/N]: "));
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("cannot read the answer")?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
