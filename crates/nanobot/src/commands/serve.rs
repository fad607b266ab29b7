//! The agent behind the API of OpenAI, for programs.
//!
//! A process of its own, as the agent in the terminal is: it works beside a gateway and without one,
//! and its sessions lie in the same ledger.

mod answer;
mod files;
mod lanes;
mod parts;
mod question;
mod refusal;
mod request;
mod routes;
mod stream;
mod turns;

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::serve::ListenerExt;
use nanobot_agent::Agent;
use nanobot_channel_web::Access;
use nanobot_config::Api;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::level_filters::LevelFilter;

use super::gateway::banner::tell_model;
use crate::cli::ServeArgs;
use crate::exit::Outcome;
use crate::failure::Failure;
use crate::instance::{Instance, tell_warnings};
use crate::output::{self, STRONG, done, styled};
use crate::port::{cannot_listen, reachable};
use crate::signals::Signals;
use crate::{logging, runtime};
use turns::Turns;

/// How long running answers are waited for at the end.
const GRACE: Duration = Duration::from_secs(30);
/// How long clients may take to read the end of what was cut short.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(crate) fn run(args: ServeArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::new(args.instance)?;
    let level = if args.verbose { LevelFilter::DEBUG } else { LevelFilter::INFO };
    logging::start(&instance.environment, level)?;
    let loaded = instance.load()?;
    tell_warnings(loaded.file.path(), &loaded.config.warnings);
    let settings = &loaded.config.api;
    let api = Api {
        host: args.host.unwrap_or_else(|| settings.host.clone()),
        port: args.port.unwrap_or(settings.port),
        timeout: args.timeout.unwrap_or(settings.timeout),
        api_key: settings.api_key.clone(),
    };
    let agent = Agent::new(instance.agent_settings(&loaded.config));
    runtime::multi_threaded()?.block_on(serve(instance, agent, api))
}

async fn serve(instance: Instance, agent: Agent, api: Api) -> anyhow::Result<Outcome> {
    let signals = Signals::listen().context("cannot listen for signals")?;
    let file = instance.paths.config_file.clone();
    let timeout = time_for_an_answer(api.timeout)?;
    let access = Access::new(&[], api.api_key);
    let place = (api.host.as_str(), api.port);
    let failed = |error| cannot_listen(place, &error, "api", &file);
    let listener = TcpListener::bind(place).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    if !access.has_token() && !address.ip().is_loopback() {
        return Err(Failure::new(format!("anybody who reaches {address} could use the agent"))
            .with_hint(format!("set `api.apiKey` in {}, or listen on 127.0.0.1", file.display()))
            .into());
    }
    access.set_bound(address);
    tell_model(&agent.describe_model(), &file);
    tell_address(address, access.has_token());
    let turns = Arc::new(Turns::new(instance, agent, timeout));
    let warming = turns.warm_up();
    listen(listener, access, Arc::clone(&turns), signals).await;
    turns.ended().await;
    warming.await.context("preparing the model failed")?;
    Ok(Outcome::Success)
}

fn time_for_an_answer(seconds: f64) -> Result<Duration, Failure> {
    let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero());
    time.ok_or_else(|| {
        Failure::new(format!("an answer cannot take {seconds} seconds"))
            .with_hint("set `--timeout` or `api.timeout` to more than 0")
    })
}

fn tell_address(address: SocketAddr, needs_key: bool) {
    let base = format!("http://{}/v1", reachable(address));
    let key = if needs_key { " -H \"Authorization: Bearer YOUR_KEY\"" } else { "" };
    // That nobody reads it is no reason to stop.
    let _ = output::line(done(format_args!("Listening on {}", styled(&base, STRONG))));
    let _ = output::line(format_args!(
        "\nTry it: curl {base}/chat/completions{key} -H \"Content-Type: application/json\" \
         -d '{{\"messages\": [{{\"role\": \"user\", \"content\": \"Hello!\"}}]}}'"
    ));
}

/// Serves until a signal asks for the end, then lets what runs come to its end.
async fn listen(listener: TcpListener, access: Access, turns: Arc<Turns>, mut signals: Signals) {
    let closing = CancellationToken::new();
    // Pieces of an answer would otherwise wait for the acknowledgement of those before.
    let listener = listener.tap_io(|connection| {
        let _ = connection.set_nodelay(true);
    });
    let routes = routes::routes(Arc::clone(&turns), access);
    let server = axum::serve(listener, routes)
        .with_graceful_shutdown(closing.clone().cancelled_owned())
        .into_future();
    let mut server = std::pin::pin!(server);
    tokio::select! {
        _ = &mut server => return,
        () = signals.next_stop() => closing.cancel(),
    }
    tracing::info!("Stopping; once more stops at once.");
    tokio::select! {
        _ = &mut server => return,
        () = signals.next_stop() => {}
        () = tokio::time::sleep(GRACE) => {
            tracing::warn!("Some answers did not come to their end in time and are cut off.");
        }
    }
    turns.cut_off();
    let _ = tokio::time::timeout(LAST_WORDS, server).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_a_time_that_is_more_than_nothing() {
        assert_eq!(time_for_an_answer(0.5).unwrap(), Duration::from_millis(500));
        for seconds in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            time_for_an_answer(seconds).unwrap_err();
        }
    }
}
