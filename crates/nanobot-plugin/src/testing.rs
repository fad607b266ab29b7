//! Test a channel without a gateway: through the real link, over a pipe in memory.
//!
//! [`ChannelTest`] plays the gateway. What a plugin's process does with its pipes is done here in the
//! same way by the same code: handshake, in-flight bounds, delivery ids, streams, shutdown.
//!
//! ```
//! # use nanobot_plugin::*;
//! # use std::sync::Arc;
//! use nanobot_plugin::testing::ChannelTest;
//! # #[derive(Default, Serialize, Deserialize, JsonSchema)]
//! # #[serde(rename_all = "camelCase", default)]
//! # struct EchoConfig { greeting: String }
//! # struct Echo(EchoConfig);
//! # impl ChannelConfig for EchoConfig {
//! #     const NAME: &'static str = "echo";
//! #     const DISPLAY_NAME: &'static str = "Echo";
//! #     fn build(self) -> Result<Arc<dyn Channel>, ChannelError> { Ok(Arc::new(Echo(self))) }
//! # }
//! # #[async_trait]
//! # impl Channel for Echo {
//! #     async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
//! #         cx.handle_message(InboundMessage::new("ada", "ada", &self.0.greeting)).await?;
//! #         cx.shutdown.cancelled().await;
//! #         Ok(())
//! #     }
//! #     async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
//! #         Ok(Receipt::with_id(message.chat_id))
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut test = ChannelTest::start::<EchoConfig>(serde_json::json!({"greeting": "Hi"})).await;
//! assert_eq!(test.receive().await.text, "Hi");
//! assert_eq!(test.send("ada", "Hello!").await.unwrap(), Receipt::with_id("ada"));
//! assert_eq!(test.shutdown().await, 0);
//! # }
//! ```

mod channel_test;
mod convert;
mod folder;
mod host;
mod stream;

pub use channel_test::{ChannelTest, LoginReport};
pub use stream::TestStream;

use nanobot_channel::ChannelConfig;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::factory::Factory;
use crate::session;

/// Serves a channel over any two byte streams, as [`serve`](crate::serve) does over stdin and
/// stdout; returns the exit status when the host has closed its end.
pub async fn serve_over<C: ChannelConfig>(
    read: impl AsyncRead + Unpin + Send,
    write: impl AsyncWrite + Unpin + Send,
) -> u8 {
    let factory = Factory::of::<C>("0.0.0");
    let workers = tokio::runtime::Handle::current();
    session::run(factory, workers, (read, write), std::future::pending()).await
}
