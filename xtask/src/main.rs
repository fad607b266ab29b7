//! Chores of the repository: `cargo run -p xtask -- codegen [--check]`.

fn main() {}
