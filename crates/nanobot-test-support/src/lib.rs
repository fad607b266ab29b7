//! Fakes that the tests of nanobot run against.

mod fake_discord;
mod fake_model;
mod fake_speech;
mod fake_telegram;
mod multipart;
mod test_gateway;

pub use fake_discord::{
    DiscordCall, DiscordMessage, DiscordMischief, FakeDiscord, FakeDiscordOptions, IncomingDiscord,
};
pub use fake_model::{FakeModel, FakeModelOptions, FakeReply, RecordedRequest, Step};
pub use fake_speech::{FakeSpeech, SpeechReply, SpeechRequest};
pub use fake_telegram::{
    FakeTelegram, FakeTelegramOptions, Incoming, Mischief, ShownEntity, ShownMessage, TelegramCall,
    visible,
};
pub use multipart::UploadedFile;
pub use test_gateway::{Signal, TestGateway, TestGatewayBuilder};
