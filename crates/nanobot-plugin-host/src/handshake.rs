use nanobot_channel::ChannelError;
use nanobot_plugin_link::{LinkError, Peer};
use nanobot_protocol::{
    HostCapabilities, Initialize, InitializeAnswer, PROTOCOL_VERSIONS, Product,
};
use tracing::level_filters::LevelFilter;

use crate::connection::TalkError;
use crate::{PluginCommand, Timeouts};

/// Asks the plugin what it is, and checks that both sides speak one version.
pub(crate) async fn initialize(
    peer: &Peer,
    command: &PluginCommand,
    instance: &str,
    capabilities: HostCapabilities,
    timeouts: &Timeouts,
) -> Result<InitializeAnswer, TalkError> {
    let request = Initialize {
        protocol_versions: PROTOCOL_VERSIONS.to_vec(),
        host: Product { name: "nanobot".into(), version: env!("CARGO_PKG_VERSION").into() },
        capabilities,
        instance: instance.to_owned(),
        log_level: log_level(),
    };
    let answer = peer.request_within(&request, timeouts.initialize).await;
    let answer = answer.map_err(start_error)?;
    check_version(&answer)?;
    if answer.channel.kind != command.name {
        tracing::warn!(
            expected = command.name,
            kind = answer.channel.kind,
            "The plugin provides another kind of channel than its name says."
        );
    }
    Ok(answer)
}

/// Nothing has reached a platform yet, so a timeout here is the plugin's fault and no network's.
pub(crate) fn start_error(error: LinkError) -> TalkError {
    match error {
        LinkError::Timeout { .. } => ChannelError::internal(error.to_string()).into(),
        error => error.into(),
    }
}

fn check_version(answer: &InitializeAnswer) -> Result<(), ChannelError> {
    let version = answer.protocol_version;
    if PROTOCOL_VERSIONS.contains(&version) {
        return Ok(());
    }
    let Product { name, version: release } = &answer.plugin;
    let text = format!(
        "plugin {name} {release} speaks protocol version {version}, this nanobot speaks {}",
        PROTOCOL_VERSIONS.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
    );
    let is_newer = PROTOCOL_VERSIONS.iter().all(|ours| version > *ours);
    let hint =
        if is_newer { "update nanobot".to_owned() } else { format!("update the plugin {name}") };
    Err(ChannelError::invalid(text).with_hint(hint))
}

fn log_level() -> Option<String> {
    let level = LevelFilter::current().into_level()?;
    Some(level.as_str().to_ascii_lowercase())
}
