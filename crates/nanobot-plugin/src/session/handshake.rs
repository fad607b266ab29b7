//! From the first word to a running channel.

use std::path::PathBuf;
use std::sync::Arc;

use nanobot_channel::{Channel, ChannelContext, ChannelError, ErrorKind, LoginContext};
use nanobot_protocol::line::Id;
use nanobot_protocol::{
    ChannelLogin, ChannelLoginAnswer, ChannelStart, EXIT_NO_COMMON_VERSION, Empty, Initialize,
    PROTOCOL_VERSIONS,
};
use tokio_util::sync::CancellationToken;

use super::{Running, Session, give_up, while_open};
use crate::caught::{caught, panicked};
use crate::convert;
use crate::inbox::LinkInbox;
use crate::lifetime::Lifetime;
use crate::log;
use crate::login::LinkLoginUi;

impl Session {
    pub(super) fn initialize(&mut self, id: Id, hello: &Initialize) {
        let offered = &hello.protocol_versions;
        let common = PROTOCOL_VERSIONS.iter().find(|own| offered.contains(own));
        let Some(version) = common else {
            self.refuse(id, &no_common_version(offered));
            return self.life.end(EXIT_NO_COMMON_VERSION);
        };
        if let Some(level) = &hello.log_level {
            log::set_level(level);
        }
        self.instance = Some(hello.instance.clone());
        self.host = hello.capabilities.clone();
        let answer = convert::description(&self.factory.description, *version);
        self.life.peer.answer_now(id, Ok(&answer));
    }

    pub(super) fn start(&mut self, id: Id, start: ChannelStart) {
        let channel = self.expect_idle().and_then(|()| self.factory.build(start.config));
        let channel = match channel {
            Ok(channel) => channel,
            Err(error) => return self.refuse(id, &error),
        };
        // Before anything that the channel says.
        self.life.peer.answer_now(id, Ok(&Empty {}));
        let life = Arc::clone(&self.life);
        let inbox = Arc::new(LinkInbox::new(life, self.host.clone()));
        let cx = ChannelContext::new(
            self.instance.clone().unwrap_or_default(),
            PathBuf::from(start.state_dir),
            PathBuf::from(start.media_dir),
            // Its own, so that a channel which cancels it for its tasks and returns an error is not
            // taken for one that was asked to stop.
            self.life.stop.child_token(),
            Arc::clone(&inbox) as _,
        );
        let watch = watch(Arc::clone(&self.life), Arc::clone(&channel), cx);
        self.life.watchers.spawn(watch);
        self.running = Some(Running { channel, inbox });
    }

    pub(super) fn login(&mut self, id: Id, login: ChannelLogin) {
        let channel = self.expect_idle().and_then(|()| self.factory.build(login.config));
        let channel = match channel {
            Ok(channel) => channel,
            Err(error) => return self.refuse(id, &error),
        };
        let peer = self.life.peer.clone();
        let ui = Arc::new(LinkLoginUi::new(peer.clone()));
        let cx = LoginContext::new(PathBuf::from(login.state_dir), ui);
        let cancel = CancellationToken::new();
        self.login = Some((id, cancel.clone()));
        self.life.spawn(async move {
            let asked = caught("login", channel.login(cx, login.force));
            let asked = cancel.run_until_cancelled(asked);
            let result = match while_open(&peer, asked).await {
                Some(Some(result)) => result,
                _ => Err(ChannelError::new(ErrorKind::Cancelled, "the login was cancelled")),
            };
            let answer = result.map(|logged_in| ChannelLoginAnswer { logged_in, account: None });
            let answer = answer.map_err(|error| convert::error_object(&error));
            let _ = peer.answer(id, answer.as_ref()).await;
        });
    }

    /// One process does one thing: it logs in, or it runs one channel, once.
    fn expect_idle(&self) -> Result<(), ChannelError> {
        if self.instance.is_none() {
            return Err(ChannelError::invalid("initialize comes first"));
        }
        if self.running.is_some() || self.is_draining {
            return Err(ChannelError::invalid("the channel was started already"));
        }
        Ok(())
    }
}

/// Runs the channel, and takes its return for what it is: the end.
async fn watch(life: Arc<Lifetime>, channel: Arc<dyn Channel>, cx: ChannelContext) {
    let run = life.spawn(async move { channel.run(cx).await });
    let result = match run.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => Err(panicked("run", &*panic)),
            Err(_) => return,
        },
    };
    let error = match result {
        Ok(()) if life.stop.is_cancelled() => return,
        Ok(()) => ChannelError::internal("run returned before it was stopped"),
        Err(error) => error,
    };
    if life.stop.is_cancelled() {
        tracing::warn!(error = error.report(), "The channel did not stop cleanly.");
    } else {
        give_up(&life, &error).await;
    }
}

fn no_common_version(offered: &[u32]) -> ChannelError {
    let problem = format!(
        "this plugin speaks version {} of the plugin protocol, the gateway version {}",
        list(PROTOCOL_VERSIONS),
        list(offered)
    );
    let plugin_is_newer = offered.iter().max() < PROTOCOL_VERSIONS.iter().max();
    let hint = if plugin_is_newer {
        "update nanobot, or install an older version of the plugin"
    } else {
        "install a newer version of the plugin"
    };
    ChannelError::unsupported(problem).with_hint(hint)
}

fn list(versions: &[u32]) -> String {
    let words: Vec<_> = versions.iter().map(ToString::to_string).collect();
    words.join(", ")
}
