//! What the gateway says without being asked, and to whom.

use std::time::Duration;

use nanobot_config::{ChatTarget, Config, Notice};
use nanobot_gateway::notify::{self, Announcement, NotifySettings};

use crate::output;

/// Said at the start and at the end, if the config has no text of its own.
const STARTED: &str = "🐈 nanobot is running.";
const STOPPING: &str = "🐈 nanobot is stopping.";

pub(super) fn notices(config: &Config) -> NotifySettings {
    let gateway = &config.gateway;
    NotifySettings {
        owner: gateway.owner_notify.iter().map(target).collect(),
        down_after: Duration::from_secs(gateway.owner_notify_after_s.into()),
        on_start: announcement(config, "onStart", gateway.on_start.as_ref(), STARTED),
        on_stop: announcement(config, "onStop", gateway.on_stop.as_ref(), STOPPING),
        ..NotifySettings::default()
    }
}

/// Says on stderr which notices can reach nobody, because their channel does not run.
pub(super) fn tell_unreachable(config: &Config, channels: &[String]) {
    let gateway = &config.gateway;
    let of_notice = |notice: &Option<Notice>| notice.iter().flat_map(|it| it.to.clone()).collect();
    for (key, targets) in [
        ("ownerNotify", gateway.owner_notify.clone()),
        ("onStart.to", of_notice(&gateway.on_start)),
        ("onStop.to", of_notice(&gateway.on_stop)),
    ] {
        for ChatTarget { channel, .. } in targets {
            if !channels.contains(&channel) {
                output::warning(format_args!(
                    "gateway.{key} names channel \"{channel}\", which does not run: nothing is said there"
                ));
            }
        }
    }
}

fn announcement(
    config: &Config,
    key: &str,
    notice: Option<&Notice>,
    usual: &str,
) -> Option<Announcement> {
    let notice = notice?;
    let to = if notice.to.is_empty() { &config.gateway.owner_notify } else { &notice.to };
    if to.is_empty() {
        output::warning(format_args!(
            "gateway.{key} is said nowhere: it has no `to`, and gateway.ownerNotify is empty"
        ));
        output::hint("set gateway.ownerNotify to a chat, as in \"telegram:12345\"");
        return None;
    }
    let text = notice.text.clone().unwrap_or_else(|| usual.to_owned());
    Some(Announcement { text, to: to.iter().map(target).collect() })
}

fn target(target: &ChatTarget) -> notify::ChatTarget {
    let ChatTarget { channel, chat_id, thread_id } = target.clone();
    notify::ChatTarget { channel, chat_id, thread_id }
}
