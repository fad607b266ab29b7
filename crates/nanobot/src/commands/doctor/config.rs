use nanobot_config::ConfigWarning;

use super::finding::Finding;
use crate::built_in_sections;
use crate::instance::{Instance, Loaded};

/// Whether the config can be read and used, and what in it means nothing.
pub(super) fn check(instance: &Instance, loaded: &anyhow::Result<Loaded>) -> Vec<Finding> {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return vec![Finding::from(error)],
    };
    let path = loaded.file.path().display();
    if !loaded.exists {
        let message = format!("{path} does not exist; the defaults apply");
        let onboard = instance.command("onboard");
        return vec![Finding::warning(message).with_hint(format!("`{onboard}` writes it"))];
    }
    let mut findings = vec![match built_in_sections::check(&loaded.file, &loaded.config) {
        Ok(()) => Finding::ok(format!("{path} is valid")),
        Err(failure) => Finding::from(&failure),
    }];
    let warning = |warning: &ConfigWarning| {
        let finding = Finding::warning(format!("{path}: {warning}"));
        Finding { hint: warning.hint.clone(), ..finding }
    };
    findings.extend(loaded.config.warnings.iter().map(warning));
    findings
}
