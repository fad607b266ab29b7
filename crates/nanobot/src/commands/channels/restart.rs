use nanobot_gateway::control::GatewayReport;

use crate::cli::ChannelsRestartArgs;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::guess;
use crate::instance::Instance;
use crate::{control, logging, output, runtime};

pub(crate) fn run(args: ChannelsRestartArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    runtime::interruptible(restart(&instance, &args.name))
}

async fn restart(instance: &Instance, name: &str) -> anyhow::Result<Outcome> {
    let socket = instance.paths.control_socket();
    let Some(report) = control::report(&socket).await? else {
        let hint = format!("to start one, run `{}`", instance.command("gateway"));
        return Err(Failure::new("no gateway is running").with_hint(hint).into());
    };
    if !control::restart(&socket, name).await? {
        return Err(unknown(instance, &report, name).into());
    }
    output::line(output::done(format_args!("The running gateway starts {name} again")))?;
    let status = instance.command("channels status");
    output::note(format_args!("`{status}` shows how it gets on."));
    Ok(Outcome::Success)
}

fn unknown(instance: &Instance, report: &GatewayReport, name: &str) -> Failure {
    let running = || report.channels.keys().map(String::as_str);
    let names = running().collect::<Vec<_>>().join(", ");
    let names = if names.is_empty() { "none".to_owned() } else { names };
    let failure =
        Failure::new(format!("the running gateway has no channel {name}  Running: {names}"));
    failure.with_hint(match guess::closest(name, running()) {
        Some(closest) => format!("did you mean `{closest}`?"),
        None => format!(
            "enable it as channels.{name} in {} and start the gateway again",
            instance.paths.config_file.display()
        ),
    })
}
