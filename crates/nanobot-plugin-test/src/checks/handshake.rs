use std::process::Stdio;

use nanobot_protocol::{EXIT_NO_COMMON_VERSION, EXIT_STARTED_BY_HAND};
use tokio::time::timeout;

use crate::Subject;
use crate::host::{Checked, Host, command, failed, folder, hello, kind};

pub(super) async fn by_hand(subject: &Subject) -> Checked {
    let folder = folder()?;
    let mut command = command(subject, &folder);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let output = timeout(subject.patience, command.output()).await;
    let output = output.map_err(|_| failed("it runs on without a host"))?;
    let output = output.map_err(|error| failed(format!("it cannot be started: {error}")))?;
    if output.status.code() != Some(i32::from(EXIT_STARTED_BY_HAND)) {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    if output.stderr.is_empty() {
        return Err(failed("it says nothing on stderr"));
    }
    Ok(())
}

pub(super) async fn describes(subject: &Subject) -> Checked {
    let answer = Host::spawn(subject)?.initialize(subject).await?;
    let texts = [
        &answer["plugin"]["name"],
        &answer["plugin"]["version"],
        &answer["channel"]["kind"],
        &answer["channel"]["display_name"],
    ];
    if !texts.iter().all(|text| text.as_str().is_some_and(|text| !text.is_empty())) {
        return Err(failed(format!("plugin or channel has no name: {answer}")));
    }
    match answer["default_config"].get("enabled") {
        None => Ok(()),
        Some(enabled) if enabled == false => Ok(()),
        Some(enabled) => Err(failed(format!("default_config has enabled: {enabled}"))),
    }
}

pub(super) async fn chooses(subject: &Subject) -> Checked {
    let answer = Host::spawn(subject)?.call("initialize", hello(subject, &[999, 1])).await?;
    match answer {
        Ok(answer) if answer["protocol_version"] == 1 => Ok(()),
        Ok(answer) => Err(failed(format!("it chose version {}", answer["protocol_version"]))),
        Err(error) => Err(failed(format!("initialize was refused: {error}"))),
    }
}

pub(super) async fn refuses(subject: &Subject) -> Checked {
    let mut host = Host::spawn(subject)?;
    match host.call("initialize", hello(subject, &[999])).await? {
        Ok(answer) => return Err(failed(format!("it took version 999: {answer}"))),
        Err(error) if kind(&error) != "unsupported" => {
            return Err(failed(format!("the kind of the error is {}", kind(&error))));
        }
        Err(_) => {}
    }
    let status = host.exit().await?;
    if status.code() == Some(i32::from(EXIT_NO_COMMON_VERSION)) {
        return Ok(());
    }
    Err(failed(format!("it ended with {status}")))
}
