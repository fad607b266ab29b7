//! Numbers and places of the gateway, and what is wrong with them when it cannot start.

use std::path::Path;
use std::time::Duration;

use nanobot_config::{Config, Environment, WhileBusy};
use nanobot_gateway::{GatewayError, Settings};

use super::notices;
use crate::instance::Instance;
use crate::output;
use crate::port;

/// Sessions that are answered at once; 0 and less for no limit.
const CONCURRENCY: &str = "NANOBOT_MAX_CONCURRENT_REQUESTS";
const DEFAULT_CONCURRENCY: usize = 32;
/// How long running turns, and then deliveries, are waited for at the end.
const GRACE: Duration = Duration::from_secs(30);

pub(super) fn settings(instance: &Instance, config: &Config, port: u16) -> Settings {
    Settings {
        host: config.gateway.host.clone(),
        port,
        control_socket: Some(instance.paths.control_socket()),
        max_concurrent_turns: concurrency(&instance.environment),
        max_attempts: max_attempts(config),
        steers: config.agents.defaults.while_busy == WhileBusy::Steer,
        grace: GRACE,
        notify: notices::notices(config),
        restart_command: config.gateway.restart_command,
    }
}

/// Tries of a delivery that the channel itself fails.
pub(super) fn max_attempts(config: &Config) -> u32 {
    u32::from(config.channels.send_max_retries.max(1))
}

fn concurrency(environment: &Environment) -> usize {
    let Some(typed) = environment.get(CONCURRENCY).filter(|typed| !typed.is_empty()) else {
        return DEFAULT_CONCURRENCY;
    };
    match typed.trim().parse::<i64>() {
        Ok(..=0) => usize::MAX,
        Ok(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
        Err(_) => {
            output::warning(format_args!(
                "{CONCURRENCY} is not a number; up to {DEFAULT_CONCURRENCY} sessions are answered at once"
            ));
            DEFAULT_CONCURRENCY
        }
    }
}

/// Adds to an error what a person can do about it.
pub(super) fn explain(error: GatewayError, file: &Path) -> anyhow::Error {
    let GatewayError::Port { host, port, source } = &error else {
        return error.into();
    };
    port::cannot_listen((host, *port), source, "gateway", file).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrency_is_what_the_environment_says() {
        #[track_caller]
        fn check(typed: &str, expected: usize) {
            assert_eq!(concurrency(&Environment::from_pairs([(CONCURRENCY, typed)])), expected);
        }
        check("", DEFAULT_CONCURRENCY);
        check("3", 3);
        check("0", usize::MAX);
        check("-1", usize::MAX);
        check("many", DEFAULT_CONCURRENCY);
    }
}
