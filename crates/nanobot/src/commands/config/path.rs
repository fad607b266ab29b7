use crate::cli::ConfigPathArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::output;

pub(crate) fn run(args: ConfigPathArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    output::line(instance.paths.config_file.display())?;
    Ok(Outcome::Success)
}
