//! Between the types of the wire and those of the channel trait; nothing else knows both.

mod error;
mod inbound;
mod itself;
mod outbound;

pub(crate) use error::{error, error_object, link_error, overloaded, whole_ms};
pub(crate) use inbound::{acceptance, inbound, publication, sender};
pub(crate) use itself::{description, host_capabilities, login_prompt, status};
pub(crate) use outbound::{outbound, path_text, receipt, stream_end, stream_start};
