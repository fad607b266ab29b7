//! Telegram through the whole program, to a model server and back; each test runs twice: with the
//! channel inside the gateway, and in a process of its own behind the plugin protocol.

#[path = "../both_places/mod.rs"]
mod both_places;
mod life;
mod messages;
mod world;
