mod report;

use nanobot_plugin_host::{Progress, Request, Spec};

use crate::catalog;
use crate::cli::PluginsInstallArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::output::{self, FAINT, styled};
use crate::{logging, runtime};

pub(crate) fn run(args: PluginsInstallArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    let spec = Spec::parse(&args.spec)?;
    let request = Request { spec, is_editable: args.editable, replaces: args.force };
    let mut progress = Told { is_verbose: args.verbose };
    let places = catalog::places(&instance);
    runtime::interruptible(async {
        let installed = nanobot_plugin_host::install(&places, &request, &mut progress).await;
        // With `--verbose` it was seen already.
        if let Err(error) = &installed
            && !args.verbose
        {
            error.tail().iter().for_each(|line| progress.tell(line));
        }
        report::tell(&instance, &installed?.plugins).await?;
        Ok(Outcome::Success)
    })
}

/// Says on stderr how it goes.
struct Told {
    is_verbose: bool,
}

impl Told {
    fn tell(&self, line: &str) {
        output::note(styled(format_args!("  {line}"), FAINT));
    }
}

impl Progress for Told {
    fn step(&mut self, text: &str) {
        output::note(format_args!("{text}…"));
    }

    fn note(&mut self, text: &str, hint: &str) {
        output::warning(text);
        output::hint(hint);
    }

    fn output(&mut self, line: &str) {
        if self.is_verbose {
            self.tell(line);
        }
    }
}
