//! Write a nanobot channel plugin in Rust.
