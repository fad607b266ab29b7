use std::io::{self, Write};
use std::process::ExitCode;

use nanobot_channel::ChannelConfig;
use nanobot_protocol::{ENV_PLUGIN, EXIT_STARTED_BY_HAND};
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{SignalKind, signal};

use crate::factory::Factory;
use crate::lifetime::EXIT_FAILED;
use crate::stdio::LinkPipes;
use crate::{log, session};

/// For the channel, so that one that blocks a thread for a moment has another; the link has a
/// thread of its own.
const WORKER_THREADS: usize = 2;

/// Runs a channel as a plugin: the whole `main` of its program.
///
/// `version` is the version of the program, as a rule `env!("CARGO_PKG_VERSION")`. Started by a
/// gateway, it serves the channel until the gateway is done with it. Started by hand, it says what
/// it is and exits with status 64.
///
/// ```no_run
/// # use nanobot_plugin::*;
/// # use std::sync::Arc;
/// # #[derive(Default, Serialize, Deserialize, JsonSchema)]
/// # struct EchoConfig {}
/// # impl ChannelConfig for EchoConfig {
/// #     const NAME: &'static str = "echo";
/// #     const DISPLAY_NAME: &'static str = "Echo";
/// #     fn build(self) -> Result<Arc<dyn Channel>, ChannelError> { unimplemented!() }
/// # }
/// fn main() -> std::process::ExitCode {
///     nanobot_plugin::serve::<EchoConfig>(env!("CARGO_PKG_VERSION"))
/// }
/// ```
#[must_use = "return it from `main`"]
pub fn serve<C: ChannelConfig>(version: &str) -> ExitCode {
    if std::env::var_os(ENV_PLUGIN).is_none() {
        return started_by_hand::<C>(version, std::env::args().nth(1).as_deref());
    }
    match serve_host(Factory::of::<C>(version)) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            tracing::error!(error = %error, "The plugin could not start.");
            ExitCode::from(EXIT_FAILED)
        }
    }
}

fn serve_host(factory: Factory) -> io::Result<u8> {
    // Before anything else: whatever prints from here on cannot harm the link.
    let pipes = LinkPipes::take()?;
    log::install();
    let workers =
        Builder::new_multi_thread().worker_threads(WORKER_THREADS).enable_all().build()?;
    let link = Builder::new_current_thread().enable_all().build()?;
    let status = link.block_on(serve_pipes(factory, workers.handle(), pipes));
    // Tasks that hang are not waited for; they end with the process.
    workers.shutdown_background();
    link.shutdown_background();
    status
}

async fn serve_pipes(factory: Factory, workers: &Handle, pipes: LinkPipes) -> io::Result<u8> {
    // Ctrl-C in the terminal reaches the plugins as well, but it is the gateway that stops them.
    let _ignored = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let terminate = async move {
        terminate.recv().await;
    };
    let pipes = pipes.open()?;
    Ok(session::run(factory, workers.clone(), pipes, terminate).await)
}

fn started_by_hand<C: ChannelConfig>(version: &str, argument: Option<&str>) -> ExitCode {
    let title = format!("nanobot-channel-{} {version}", C::NAME);
    let about = format!(
        "{title}\nThe {} channel for nanobot.\n\n\
         This program is a channel plugin; start it with `nanobot gateway`.\n\
         Its settings are in section channels.{} of the config.",
        C::DISPLAY_NAME,
        C::NAME
    );
    // Nobody is left to tell if writing fails.
    let _ = match argument {
        Some("--version" | "-V") => writeln!(io::stdout(), "{title}"),
        Some("--help" | "-h") => writeln!(io::stdout(), "{about}"),
        _ => {
            let _ = writeln!(io::stderr(), "{about}");
            return ExitCode::from(EXIT_STARTED_BY_HAND);
        }
    };
    ExitCode::SUCCESS
}
