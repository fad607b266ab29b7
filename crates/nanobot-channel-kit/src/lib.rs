//! What several built-in channels need and no platform decides.
//!
//! | module | what |
//! |---|---|
//! | `backoff` | pauses between tries |
//! | `character` | places where a text may be cut |
//! | `clock` | the time as platforms count it |
//! | `deliveries` | notes of what was sent, which outlive the process |
//! | `download` | files that are being received |
//! | `file_name` | names that are safe on this disk, and types of files |
//! | `http` | clients and answers of an HTTP API |
//! | `markdown` | lists and tables that are being read |
//! | `mend` | ends of Markdown that is still being written |
//! | `offer` | messages to a gateway that may be busy |
//! | `settings` | settings that mean the same everywhere |
//! | `store` | small files that outlive the process |
//! | `table` | tables in a fixed width |
#![warn(missing_docs)]

mod backoff;
mod character;
mod clock;
mod deliveries;
mod download;
mod file_name;
mod http;
mod markdown;
mod mend;
mod offer;
mod settings;
pub mod store;
mod table;

pub use backoff::{Backoff, asked_pause};
pub use character::whole_character;
pub use clock::now_ms;
pub use deliveries::{Deliveries, Delivery, Note, Shown};
pub use download::Download;
pub use file_name::{is_media_type, safe_name};
pub use http::{ClientError, HttpClient, body_within, install_tls_provider, is_address, is_proxy};
pub use markdown::{Lists, TableRows, code_language, has_scheme, is_line_break};
pub use mend::close_open_marks;
pub use offer::{Offered, add_lines, is_allowed, offer, pause};
pub use settings::{GroupPolicy, given};
pub use table::{layout, layout_width};
