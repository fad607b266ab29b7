//! The durable store of inbox, outbox, turns and sessions.
