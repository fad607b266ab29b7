//! What several built-in channels need and no platform decides.
//!
//! | module | what |
//! |---|---|
//! | `backoff` | pauses between tries |
//! | `character` | places where a text may be cut |
//! | `deliveries` | notes of what was sent, which outlive the process |
//! | `download` | files that are being received |
//! | `file_name` | names that are safe on this disk |
//! | `markdown` | lists and tables that are being read |
//! | `mend` | ends of Markdown that is still being written |
//! | `offer` | messages to a gateway that may be busy |
//! | `store` | small files that outlive the process |
//! | `table` | tables in a fixed width |
#![warn(missing_docs)]

mod backoff;
mod character;
mod deliveries;
mod download;
mod file_name;
mod markdown;
mod mend;
mod offer;
pub mod store;
mod table;

pub use backoff::{Backoff, asked_pause};
pub use character::whole_character;
pub use deliveries::{Deliveries, Delivery, Note, Shown};
pub use download::Download;
pub use file_name::safe_name;
pub use markdown::{Lists, TableRows, code_language, has_scheme, is_line_break};
pub use mend::close_open_marks;
pub use offer::{Offered, add_lines, is_allowed, offer, pause};
pub use table::{layout, layout_width};
