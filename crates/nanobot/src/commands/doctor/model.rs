//! Whether the model can be asked.

use std::time::Duration;

use nanobot_agent::{Agent, ModelDescription, Reach, reach};
use nanobot_config::Config;

use super::finding::Finding;
use crate::instance::Instance;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn check(instance: &Instance, config: &Config) -> Vec<Finding> {
    let settings = instance.agent_settings(config);
    let model = settings.model.clone();
    let ModelDescription { name, provider, offline, hint } = Agent::new(settings).describe_model();
    if offline {
        let message = "no model is configured; a built-in one only repeats what people write";
        return vec![Finding { hint, ..Finding::warning(message) }];
    }
    if hint.is_some() {
        let message = format!("the model {name} cannot be asked");
        return vec![Finding { hint, ..Finding::problem(message) }];
    }
    let mut findings = vec![Finding::ok(format!("{name} is asked through {provider}"))];
    findings.extend(reach(&model, PATIENCE).await.map(|it| server(it, &provider)));
    findings
}

fn server(Reach { base, problem }: Reach, provider: &str) -> Finding {
    match problem {
        None => Finding::ok(format!("its server answers at {base}")),
        Some(problem) => {
            let message = format!("its server cannot be reached at {base}: {problem}");
            let hint = format!(
                "check the network, and `apiBase` and `proxy` of providers.{provider}; start the \
                 server if it is one of your own"
            );
            Finding::problem(message).with_hint(hint)
        }
    }
}
