use crate::built_in_sections;
use crate::cli::ConfigValidateArgs;
use crate::exit::Outcome;
use crate::instance::{Instance, tell_warnings};
use crate::output;

pub(crate) fn run(args: ConfigValidateArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    let loaded = instance.load()?;
    built_in_sections::check(&loaded.file, &loaded.config)?;
    let path = loaded.file.path();
    tell_warnings(path, &loaded.config.warnings);
    let verdict = match (loaded.exists, loaded.config.warnings.len()) {
        (false, _) => "does not exist; the defaults apply".to_owned(),
        (true, 0) => "is valid".to_owned(),
        (true, 1) => "is valid, with 1 warning".to_owned(),
        (true, count) => format!("is valid, with {count} warnings"),
    };
    output::line(output::done(format_args!("{} {verdict}", path.display())))?;
    Ok(Outcome::Success)
}
