//! Chores of the repository: `cargo run -p xtask -- codegen [--check]`.

mod codegen;

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["codegen"] => codegen::write(),
        ["codegen", "--check"] => codegen::check(),
        _ => anyhow::bail!("usage: cargo run -p xtask -- codegen [--check]"),
    }
}
