//! Fakes that the tests of nanobot run against.

mod changes;
mod channel_bench;
mod fake_discord;
mod fake_gateway;
mod fake_model;
mod fake_server;
mod fake_speech;
mod fake_telegram;
mod multipart;
mod test_gateway;

pub use channel_bench::{ChannelBench, RunningChannel, delta, outbound};
pub use fake_discord::{
    DiscordCall, DiscordMessage, DiscordMischief, FakeDiscord, FakeDiscordOptions, IncomingDiscord,
};
pub use fake_gateway::{FakeGateway, GatewayState, HoldPoint};
pub use fake_model::{FakeModel, FakeModelOptions, FakeReply, RecordedRequest, Step};
pub use fake_speech::{FakeSpeech, SpeechReply, SpeechRequest};
pub use fake_telegram::{
    FakeTelegram, FakeTelegramOptions, Incoming, Mischief, ShownEntity, ShownMessage, TelegramCall,
    visible,
};
pub use multipart::UploadedFile;
pub use test_gateway::{Signal, TestGateway, TestGatewayBuilder};
