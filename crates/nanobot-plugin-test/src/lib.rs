#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod checks;
mod host;
mod report;
mod subject;

pub use checks::check;
pub use report::{Finding, Report, Verdict};
pub use subject::Subject;
