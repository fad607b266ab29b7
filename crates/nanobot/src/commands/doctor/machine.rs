//! What the machine has to offer: walls for the agent's commands, and Python for packages.

use nanobot_agent::{CommandSandbox, command_walls};
use nanobot_config::Config;
use nanobot_plugin_host::{Source, find_python};

use super::finding::Finding;
use crate::catalog::{Catalog, Provider};
use crate::instance::Instance;

pub(super) async fn check(instance: &Instance, config: &Config, catalog: &Catalog) -> Vec<Finding> {
    let mut findings = vec![walls(instance, config)];
    if has_packages(catalog) {
        findings.push(python(catalog).await);
    }
    findings
}

fn walls(instance: &Instance, config: &Config) -> Finding {
    let settings = instance.agent_settings(config).tools;
    if !settings.config.exec.enable {
        return Finding::ok("the agent runs no commands (tools.exec.enable)");
    }
    match command_walls(settings.sandbox) {
        Ok(Some(walls)) => Finding::ok(format!("commands of the agent are locked in by {walls}")),
        Ok(None) => {
            let finding = Finding::warning("commands of the agent are not locked in");
            let wanted = settings.sandbox == CommandSandbox::Unconfined;
            finding.with_hint(if wanted {
                "tools.exec.sandbox wants it so; remove the key for what the system offers"
            } else {
                "install bubblewrap, and set tools.exec.sandbox to \"bwrap\""
            })
        }
        Err(missing) => {
            let message = format!("the agent can run no command: {missing}");
            Finding::problem(message).with_hint("install it, or change tools.exec.sandbox")
        }
    }
}

fn has_packages(catalog: &Catalog) -> bool {
    catalog.entries.iter().any(|entry| {
        matches!(&entry.provider, Provider::Plugin(plugin)
            if matches!(plugin.source, Source::Python { .. }))
    })
}

async fn python(catalog: &Catalog) -> Finding {
    match find_python(&catalog.places).await {
        Some((program, version)) => Finding::ok(format!(
            "packages are installed with Python {version}, {}",
            program.display()
        )),
        None => Finding::warning("there is no Python that packages could be installed with")
            .with_hint("install Python 3.11 or newer, or name one in plugins.python"),
    }
}
