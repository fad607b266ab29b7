//! Fakes that the tests of nanobot run against.

mod fake_model;

pub use fake_model::{FakeModel, FakeModelOptions, FakeReply, RecordedRequest, Step};
