//! The real program, run as a person runs it.
#![cfg(unix)]

mod agent;
mod channels;
mod config;
mod gateway;
mod help;
mod home;
mod messages;
mod onboard;
mod plugins;
mod status;
