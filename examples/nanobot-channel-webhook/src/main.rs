//! A webhook channel for nanobot.

fn main() {}
