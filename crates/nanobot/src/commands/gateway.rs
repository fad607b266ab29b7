pub(super) mod banner;
mod import;
mod notices;
mod prepare;
mod reload;
mod restart;
pub(super) mod selection;
mod settings;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use axum::Router;
use nanobot_agent::Agent;
use nanobot_channel_web::WebHub;
use nanobot_config::Paths;
use nanobot_gateway::{Gateway, GatewayOptions};
use nanobot_ledger::{Ledger, OpenError, SqliteLedger, SqliteOptions};
use tokio::task::JoinHandle;
use tracing::level_filters::LevelFilter;

use crate::catalog::Catalog;
use crate::cli::GatewayArgs;
use crate::exit::Outcome;
use crate::instance::{Instance, tell_warnings};
use crate::lock::GatewayLock;
use crate::signals::{HangUps, Signals};
use crate::{logging, memory, runtime};
use reload::Reloader;
use restart::Program;
use selection::Selection;

/// How long commands that look into the ledger are waited for, one after another.
const LEDGER_WAIT: Duration = Duration::from_secs(10);
/// Pause between two tries, beside the time for which each of them waits itself.
const LEDGER_PAUSE: Duration = Duration::from_millis(20);

/// Why a gateway ended that has stopped in order.
enum End {
    ForGood,
    ForRestart,
}

pub(crate) fn run(args: GatewayArgs) -> anyhow::Result<Outcome> {
    let program = Program::of_this_process()?;
    let instance = Instance::new(args.instance)?;
    let level = if args.verbose { LevelFilter::DEBUG } else { LevelFilter::INFO };
    logging::start(&instance.environment, level)?;
    match runtime::multi_threaded()?.block_on(gateway(&instance, args.port))? {
        End::ForGood => Ok(Outcome::Success),
        End::ForRestart => program.start_again(),
    }
}

async fn gateway(instance: &Instance, port: Option<u16>) -> anyhow::Result<End> {
    // Before anything starts: a signal that comes meanwhile must stop the gateway in order, too.
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let hang_ups = HangUps::listen().context("cannot listen for signals")?;
    let prepared = prepare::prepare(instance)?;
    let _lock = GatewayLock::take(&instance.paths)?;
    let (config, file) = (&prepared.config, &instance.paths.config_file);
    let is_port_chosen = port.is_some();
    let port = port.unwrap_or(config.gateway.port);
    banner::starting(instance, port, &prepared);
    tell_warnings(file, &config.warnings);
    nanobot_plugin_host::tidy(&instance.paths.data_dir);
    let catalog = Catalog::find(instance);
    let Selection { channels, chat, hub } = selection::select(instance, config, &catalog).await?;
    let reloader = Reloader::new(instance, &prepared, is_port_chosen, chat.clone());
    let channels: Vec<_> = chat.into_iter().chain(channels).collect();
    let names: Vec<String> = channels.iter().map(|channel| channel.name.clone()).collect();
    notices::tell_unreachable(config, &names);
    let ledger = ledger(&instance.paths).await?;
    import::import(ledger.as_ref(), &instance.paths, &instance.workspace(config)).await?;
    let agent = Arc::new(Agent::new(instance.agent_settings(config)));
    let options = GatewayOptions {
        settings: settings::settings(instance, config, port),
        channels,
        agent: Arc::clone(&agent),
        ledger: Arc::clone(&ledger),
        pages: pages(hub.clone()),
    };
    let mut gateway =
        Gateway::start(options).await.map_err(|error| settings::explain(error, file))?;
    banner::started(instance, &names, gateway.address(), hub.is_some(), &agent.describe_model());
    let warming = warm_up(agent);
    let requests = gateway.take_reload_requests();
    let is_restart = tokio::select! {
        () = signals.next_stop() => false,
        () = gateway.restart_requested().cancelled_owned() => true,
        never = reloader.run(&gateway, requests, hang_ups) => match never {},
        never = memory::give_back_regularly() => match never {},
    };
    let end = shut_down(gateway, hub, signals, is_restart).await;
    warming.await.context("preparing the model failed")?;
    // Last, when nothing writes any more.
    ledger.close().await?;
    Ok(end)
}

/// The one place that chooses where messages and sessions are kept.
///
/// There is no other gateway, or its lock would not be ours: whoever has the file is a command that
/// looks into it for a moment, or several one after another.
async fn ledger(paths: &Paths) -> anyhow::Result<Arc<dyn Ledger>> {
    let open = || SqliteLedger::open(SqliteOptions::new(paths.ledger_file()));
    let mut opened = open().await;
    if is_in_use(&opened) {
        tracing::info!("Waiting for commands that look into the ledger.");
    }
    let until = Instant::now() + LEDGER_WAIT;
    while is_in_use(&opened) && Instant::now() < until {
        tokio::time::sleep(LEDGER_PAUSE).await;
        opened = open().await;
    }
    Ok(Arc::new(opened?))
}

fn is_in_use(opened: &Result<SqliteLedger, OpenError>) -> bool {
    matches!(opened, Err(OpenError::InUse { .. }))
}

fn pages(hub: Option<Arc<WebHub>>) -> Box<dyn FnOnce(SocketAddr) -> Router + Send> {
    Box::new(move |address| match hub {
        Some(hub) => {
            hub.set_bound(address);
            hub.router()
        }
        None => Router::new(),
    })
}

/// Prepares the model while the gateway already runs, so that neither its start nor the first
/// answer waits for it.
fn warm_up(agent: Arc<Agent>) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || agent.warm_up())
}

/// Stops in order. The first signal ends a restart for good, the next cuts short what still runs.
async fn shut_down(
    gateway: Gateway,
    hub: Option<Arc<WebHub>>,
    mut signals: Signals,
    is_restart: bool,
) -> End {
    let mut end = if is_restart { End::ForRestart } else { End::ForGood };
    let abort = gateway.abort_handle();
    let stopping = async {
        gateway.shutdown().await;
        if let Some(hub) = hub {
            hub.close().await;
        }
    };
    let mut stopping = std::pin::pin!(stopping);
    loop {
        if let End::ForGood = end {
            tracing::info!("Stopping; once more stops at once.");
        }
        tokio::select! {
            () = &mut stopping => return end,
            () = signals.next_stop() => match end {
                End::ForRestart => end = End::ForGood,
                End::ForGood => break abort.cancel(),
            },
        }
    }
    stopping.await;
    end
}
