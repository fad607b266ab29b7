//! Channel packages in real Python environments, from installing them to talking through them.
//!
//! Needs Python 3.11 or newer. What the packages require is fetched once, through pip as it is set up
//! on this machine, and then installed from a folder.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod broken;
mod guide;
mod index;
mod install;
mod new;
mod packages;
mod rights;
mod sandbox;
mod web;
mod world;
