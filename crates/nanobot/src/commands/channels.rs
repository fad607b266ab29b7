pub(super) mod login;
pub(super) mod restart;
pub(super) mod status;

use crate::catalog::Catalog;
use crate::failure::Failure;

/// Says that there is no such channel, and which there are.
pub(crate) fn unknown_channel(catalog: &Catalog, name: &str) -> Failure {
    let names: Vec<&str> = catalog.names().collect();
    let failure = Failure::new(format!("Unknown channel: {name}  Available: {}", names.join(", ")));
    match catalog.closest(name) {
        Some(closest) => failure.with_hint(format!("did you mean `{closest}`?")),
        None => failure,
    }
}
