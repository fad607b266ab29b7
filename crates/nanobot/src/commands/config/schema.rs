use crate::exit::Outcome;
use crate::output;

pub(crate) fn run() -> anyhow::Result<Outcome> {
    output::json(&nanobot_config::schema())?;
    Ok(Outcome::Success)
}
