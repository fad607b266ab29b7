//! Wire types of the nanobot plugin protocol.
