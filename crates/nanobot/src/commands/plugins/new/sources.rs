//! Where the SDK for plugins in Rust is: in nanobot's own sources.

use std::path::Path;

use crate::cli::Language;
use crate::failure::Failure;

/// The SDK's folder, from the root of the sources.
const SDK: &str = "crates/nanobot-plugin";

/// The folder of the crate `nanobot-plugin`, if the language needs it: in the sources that were
/// named, else in those that this program was built from.
pub(super) fn find(language: Language, typed: Option<&Path>) -> Result<Option<String>, Failure> {
    if language != Language::Rust {
        return match typed {
            Some(_) => Err(Failure::new("--sources is for plugins in Rust alone")),
            None => Ok(None),
        };
    }
    let built_from = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let sdk = typed.unwrap_or(built_from).join(SDK);
    let found = sdk.join("Cargo.toml").is_file().then(|| sdk.canonicalize().ok()).flatten();
    match found.as_deref().map(Path::to_str) {
        Some(Some(sdk)) => Ok(Some(sdk.to_owned())),
        Some(None) => Err(Failure::new("the path of nanobot's sources is not Unicode")),
        None => Err(missing(typed)),
    }
}

fn missing(typed: Option<&Path>) -> Failure {
    let problem = match typed {
        Some(folder) => format!("{} does not hold nanobot's sources", folder.display()),
        None => "the sources that this program was built from are gone".to_owned(),
    };
    let hint = format!(
        "a plugin in Rust needs {SDK} of nanobot's sources: clone them, and name the folder with \
         `--sources DIR`; `--language python` and `--language script` do without"
    );
    Failure::new(problem).with_hint(hint)
}
