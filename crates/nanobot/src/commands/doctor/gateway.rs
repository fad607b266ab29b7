//! Whether a gateway runs, and what is left of one that does not.

use nanobot_gateway::control::GatewayReport;
use nanobot_ledger::now_ms;

use super::finding::Finding;
use crate::duration::since;
use crate::instance::Instance;
use crate::{control, lock};

/// The findings, and how the running gateway is, if one answers.
pub(super) async fn check(instance: &Instance) -> (Vec<Finding>, Option<GatewayReport>) {
    match control::report(&instance.paths.control_socket()).await {
        Ok(Some(report)) => (running(instance, &report), Some(report)),
        Ok(None) => (vec![silent(instance)], None),
        Err(error) => {
            let hint = "look at its log, and start it again";
            (vec![Finding::from(&error).with_hint(hint)], None)
        }
    }
}

fn running(instance: &Instance, report: &GatewayReport) -> Vec<Finding> {
    let time = since(report.started_ms, now_ms());
    let GatewayReport { address, pid, .. } = report;
    let message = format!("a gateway is running at {address} for {time} (process {pid})");
    let mut findings = vec![Finding::ok(message)];
    let ours = env!("CARGO_PKG_VERSION");
    if report.version != ours {
        let message = format!("it is version {}, this program {ours}", report.version);
        findings.push(Finding::warning(message).with_hint("start the gateway again"));
    }
    if let Some(problem) = &report.reload.problem {
        let message = format!("the config is not taken, and the one before holds: {problem}");
        let hint = format!("mend it until `{}` agrees", instance.command("config validate"));
        findings.push(Finding::problem(message).with_hint(hint));
    }
    findings.extend(report.reload.needs_restart.iter().map(|key| {
        let message = format!("{key} takes effect after a restart of the gateway");
        Finding::warning(message).with_hint("start the gateway again")
    }));
    findings
}

/// Nobody answers at the socket.
fn silent(instance: &Instance) -> Finding {
    let paths = &instance.paths;
    if let Some(process) = lock::holder(paths) {
        let message = format!(
            "process {process} holds {}, but no gateway answers at {}",
            paths.lock_file().display(),
            paths.control_socket().display()
        );
        let hint = format!("if it is not just starting or stopping, end process {process}");
        return Finding::problem(message).with_hint(hint);
    }
    let gateway = instance.command("gateway");
    if paths.control_socket().exists() {
        let message = "no gateway is running; the last one was killed and left its socket";
        return Finding::warning(message)
            .with_hint(format!("`{gateway}` clears it up and goes on"));
    }
    Finding::ok("no gateway is running").with_hint(format!("to start one, run `{gateway}`"))
}
