//! The chat page of nanobot: a built-in channel on the control port.
