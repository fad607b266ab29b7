//! A plugin that does what careless authors do; the SDK's tests run it.

use std::process::{Command, ExitCode};
use std::sync::Arc;

use nanobot_plugin::*;

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct ClumsyConfig {
    /// Does not stop when it is asked to.
    hangs: bool,
}

impl ChannelConfig for ClumsyConfig {
    const NAME: &'static str = "clumsy";
    const DISPLAY_NAME: &'static str = "Clumsy";
    const CAPABILITIES: Capabilities =
        Capabilities { streaming: true, login: false, deduplicates: false };

    fn build(self) -> Result<Arc<dyn Channel>, ChannelError> {
        Ok(Arc::new(Clumsy { hangs: self.hangs }))
    }
}

struct Clumsy {
    hangs: bool,
}

#[async_trait]
impl Channel for Clumsy {
    async fn run(&self, cx: ChannelContext) -> Result<(), ChannelError> {
        #[expect(clippy::print_stdout, reason = "this is what careless authors do")]
        {
            println!("debug: starting");
        }
        // A child reads what it inherits as stdin, and writes to what it inherits as stdout.
        let child = Command::new("sh").args(["-c", "cat; echo child"]).status();
        tracing::debug!(status = ?child.ok(), "The child has ended.");
        cx.connected();
        cx.shutdown.cancelled().await;
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn send(&self, message: OutboundMessage) -> Result<Receipt, ChannelError> {
        match message.text.as_str() {
            "block" => {
                tracing::info!("Blocking a thread.");
                loop {
                    std::thread::park();
                }
            }
            "panic" => panic!("asked to"),
            _ => Ok(Receipt::default()),
        }
    }

    async fn send_delta(&self, _: Delta<'_>) -> Result<Receipt, ChannelError> {
        Ok(Receipt::default())
    }
}

fn main() -> ExitCode {
    serve::<ClumsyConfig>("1.2.3")
}
