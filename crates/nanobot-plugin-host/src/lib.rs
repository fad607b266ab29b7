//! The gateway's side of the nanobot plugin link.
