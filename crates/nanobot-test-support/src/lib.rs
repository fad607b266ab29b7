//! Fakes that the tests of nanobot run against.

mod fake_model;
mod test_gateway;

pub use fake_model::{FakeModel, FakeModelOptions, FakeReply, RecordedRequest, Step};
pub use test_gateway::{Signal, TestGateway, TestGatewayBuilder};
