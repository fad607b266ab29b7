use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::{Progress, output};
use crate::Places;
use crate::python::{Interpreter, Keeper, on_path};

const OLDEST: (u32, u32) = (3, 11);
const ASK_VERSION: &str = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
/// Variables that lead an interpreter or an installer to another environment than the one meant.
const MISLEADING: [&str; 7] = [
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PIP_USER",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_REQUIRE_VIRTUALENV",
];

/// An interpreter to make environments with.
pub(super) struct Base {
    pub(super) program: PathBuf,
    pub(super) version: String,
}

/// The first interpreter that is new enough: of those in the config, then on the path.
pub(super) async fn base(places: &Places, progress: &mut dyn Progress) -> Option<Base> {
    for program in candidates(places) {
        let mut command = command(&program);
        command.args(["-I", "-c", ASK_VERSION]);
        let Ok(version) = output::run("asking for the version", command, progress).await else {
            continue;
        };
        if is_new_enough(&version) {
            return Some(Base { program, version });
        }
    }
    None
}

/// A program, with the environment of the user but what would mislead it.
pub(super) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for name in MISLEADING {
        command.env_remove(name);
    }
    command
}

fn candidates(places: &Places) -> Vec<PathBuf> {
    let chosen = places.python.named(places.path.as_deref(), &mut Vec::new());
    let names = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
    let on_path = names.iter().filter_map(|name| on_path(name, places.path.as_deref()));
    let seen = on_path.filter_map(|program| Interpreter::at(&program, None, Keeper::User));
    chosen.into_iter().chain(seen).map(|interpreter| interpreter.program).collect()
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= OLDEST
}
