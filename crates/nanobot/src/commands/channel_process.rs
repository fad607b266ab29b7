use crate::channels::{self, BUILT_INS, isolated};
use crate::cli::ChannelProcessArgs;
use crate::exit::Outcome;
use crate::failure::Failure;

/// Serves a built-in channel until the gateway that started this process is done with it.
///
/// Nothing may be printed on stdout before, and no log may be started: both belong to the link.
pub(crate) fn run(args: &ChannelProcessArgs) -> anyhow::Result<Outcome> {
    let name = &args.name;
    let Some(built_in) = channels::get(name) else {
        let possible: Vec<&str> =
            BUILT_INS.iter().filter(|it| it.serve.is_some()).map(|it| it.name).collect();
        return Err(Failure::new(format!("there is no built-in channel {name}"))
            .with_hint(format!("those that can run as processes: {}", possible.join(", ")))
            .into());
    };
    let Some(serve) = built_in.serve else {
        let reason = isolated::INSIDE_ONLY;
        return Err(Failure::new(format!("{name} cannot run as a process: {reason}")).into());
    };
    Ok(Outcome::Served(serve(env!("CARGO_PKG_VERSION"))))
}
