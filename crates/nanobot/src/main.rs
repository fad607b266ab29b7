//! The `nanobot` command.

fn main() {}
