//! Telegram through the whole program, to a model server and back; each test runs twice: with the
//! channel inside the gateway, and in a process of its own behind the plugin protocol.

mod life;
mod messages;
mod world;
