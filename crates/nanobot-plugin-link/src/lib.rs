//! Framing and request correlation of the nanobot plugin link.
