//! The real program, run as a person runs it.
#![cfg(unix)]

mod agent;
mod books;
mod channels;
mod config;
mod deliveries;
mod doctor;
mod gateway;
mod help;
mod home;
mod ledger;
mod logs;
mod messages;
mod new_plugin;
mod onboard;
mod plugins;
mod reload;
mod sessions;
mod status;
