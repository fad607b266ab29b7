mod deliveries;
mod handshake;
mod life;
mod link;

use std::future::Future;
use std::pin::Pin;

use crate::host::Checked;
use crate::{Finding, Report, Subject, Verdict};

type Running<'a> = Pin<Box<dyn Future<Output = Checked> + Send + 'a>>;

/// One rule, and how it is checked.
struct Check {
    rule: &'static str,
    section: &'static str,
    run: for<'a> fn(&'a Subject) -> Running<'a>,
}

macro_rules! checks {
    ($($run:path, $section:literal, $rule:literal;)*) => {
        &[$(Check { rule: $rule, section: $section, run: |subject| Box::pin($run(subject)) }),*]
    };
}

const CHECKS: &[Check] = checks! {
    handshake::by_hand, "Process and environment", "started by hand it says what it is and exits with 64";
    handshake::describes, "initialize", "it describes itself, with a section that is disabled";
    handshake::chooses, "initialize", "it chooses a version that it speaks, and ignores members that it does not know";
    handshake::refuses, "initialize", "without a common version it says so and exits with 76";
    link::unknown_method, "Lines", "a method that it does not know is answered with kind unsupported";
    link::unknown_notification, "Lines", "a notification that it does not know is ignored";
    link::unknown_cancel, "$/cancel", "a request that is taken back and not known is ignored";
    link::flood, "What both sides promise", "of a flood of requests each is answered once";
    life::end_of_stdin, "A plugin's life", "a plugin that only describes itself exits with 0 when its stdin ends";
    life::end_of_stdin_while_running, "A plugin's life", "a running plugin exits with 0 when its stdin ends";
    life::shutdown, "shutdown", "shutdown is answered in time, and then it exits with 0";
    life::late_delivery, "shutdown", "a delivery after shutdown is refused with kind not_ready";
    deliveries::repeated, "message/send", "a repeated delivery gets the first receipt";
    deliveries::cancelled, "$/cancel", "a delivery that is taken back is answered all the same";
    deliveries::unknown_stream, "stream/delta", "a delta of a stream that is not open is ignored";
    deliveries::beyond_the_window, "Flow control", "deltas beyond the window cost neither the end of the stream nor a ping";
};

/// Runs all checks against a plugin, one after the other, each with a process of its own.
pub async fn check(subject: &Subject) -> Report {
    let mut findings = Vec::new();
    for Check { rule, section, run } in CHECKS {
        let verdict = run(subject).await.err().unwrap_or(Verdict::Passed);
        findings.push(Finding { rule, section, verdict });
    }
    Report { findings }
}
