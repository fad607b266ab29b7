//! A plugin that lives and does nothing any more.
#![cfg(unix)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Call, PATIENCE, Stage, played, settings};
use nanobot_channel::{Channel, Metadata};
use nanobot_gateway::notify::{ChatTarget, NotifySettings};
use nanobot_gateway::status::State;
use nanobot_gateway::{ChannelSpec, Settings};
use nanobot_ledger::MemoryLedger;
use nanobot_plugin_host::{PluginCommand, ProcessChannel, Timeouts};

/// Hangs at the first sign of life that it is asked for, in its first run only.
const HANGING: &str = r#"
while read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/^{"jsonrpc":"2.0","id":\([0-9]*\),.*/\1/p')
    case $line in
    *'"method":"initialize"'*)
        printf '{"jsonrpc":"2.0","id":%s,"result":{"protocol_version":1,"plugin":{"name":"hanging","version":"1"},"channel":{"kind":"hanging","display_name":"Hanging"},"capabilities":{},"config_schema":{"type":"object"},"default_config":{}}}\n' "$id"
        ;;
    *'"method":"channel/start"'*)
        printf '{"jsonrpc":"2.0","id":%s,"result":{}}\n' "$id"
        printf '{"jsonrpc":"2.0","method":"channel/status","params":{"state":"connected"}}\n'
        ;;
    *'"method":"ping"'*)
        if [ ! -e hung ]; then
            echo 'looking for the moon' >&2
            touch hung
            exec sleep 1000
        fi
        printf '{"jsonrpc":"2.0","id":%s,"result":{"inbound_in_flight":0,"deliveries_in_flight":0}}\n' "$id"
        ;;
    *'"method":"shutdown"'*)
        printf '{"jsonrpc":"2.0","id":%s,"result":{}}\n' "$id"
        exit 0
        ;;
    esac
done
"#;

fn hanging(folder: &std::path::Path) -> ChannelSpec {
    let command = PluginCommand::executable("hanging", "/bin/sh").with_arg("-c").with_arg(HANGING);
    let timeouts = Timeouts {
        quiet: Duration::from_millis(100),
        ping: Duration::from_secs(2),
        terminate: Duration::from_millis(300),
        ..Timeouts::default()
    };
    let build = move || {
        let channel = ProcessChannel::new(command.clone(), Metadata::new(), timeouts);
        Ok(Arc::new(channel) as Arc<dyn Channel>)
    };
    let (spec, _) = played("hanging", false);
    let (state_dir, media_dir) = (folder.join("state"), folder.join("media"));
    ChannelSpec { state_dir, media_dir, build: Arc::new(build), ..spec }
}

fn text(call: Call) -> String {
    let Call::Send { text, .. } = call else { panic!("the owner is told, not {call:?}") };
    text
}

#[tokio::test]
async fn hung_plugin_is_found_shown_told_of_and_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let (good_spec, mut good) = played("good", false);
    let owner =
        vec![ChatTarget { channel: "good".into(), chat_id: "owner".into(), thread_id: None }];
    let brief = Duration::from_millis(500);
    let notify =
        NotifySettings { owner, down_after: brief, well_after: brief, ..NotifySettings::default() };
    let settings = Settings { notify, ..settings() };
    let channels = vec![hanging(folder.path()), good_spec];
    let stage = Stage::with(channels, settings, Arc::new(MemoryLedger::default())).await;
    let board = stage.gateway.status();
    let good_run = good.started().await;
    good_run.cx.connected();
    tokio::time::timeout(PATIENCE, board.wait_for("hanging", State::Retrying)).await.unwrap();
    let report = &board.snapshot()["hanging"];
    assert_eq!(report.last_error.as_deref(), Some("the plugin did not answer two pings"));
    assert_eq!(report.last_log, ["looking for the moon"]);
    let said = text(good.succeed().await);
    let expected =
        ": the plugin did not answer two pings: looking for the moon. nanobot keeps trying.";
    assert!(
        said.starts_with("⚠️ The channel hanging has been away for ") && said.ends_with(expected),
        "{said}"
    );
    tokio::time::timeout(PATIENCE, board.wait_for("hanging", State::Connected)).await.unwrap();
    assert_eq!(board.snapshot()["hanging"].restarts, 1);
    assert!(text(good.succeed().await).starts_with("✅ The channel hanging works again after "));
    stage.gateway.shutdown().await;
}
