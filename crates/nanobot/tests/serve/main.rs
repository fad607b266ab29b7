//! The agent behind the API of OpenAI: the real program, asked over real HTTP.
#![cfg(unix)]

mod access;
mod answers;
mod client;
mod life;
mod refusals;
mod sessions;
mod streams;
mod world;
