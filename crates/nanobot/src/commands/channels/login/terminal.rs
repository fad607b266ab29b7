use std::io::{self, BufRead};
use std::time::Duration;

use anstyle::{AnsiColor, Color, Style};
use async_trait::async_trait;
use nanobot_channel::{ChannelError, ErrorKind, LoginPrompt, LoginUi};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use super::hidden_input::HiddenInput;
use crate::output;

const PAPER: Style =
    AnsiColor::Black.on_default().bg_color(Some(Color::Ansi(AnsiColor::BrightWhite)));

/// The person in front of this terminal.
pub(super) struct Terminal;

#[async_trait]
impl LoginUi for Terminal {
    async fn show(&self, prompt: LoginPrompt) -> Result<(), ChannelError> {
        output::line(text_of(prompt)).map_err(|error| {
            ChannelError::new(ErrorKind::Cancelled, "nobody can see the login").with_source(error)
        })
    }

    async fn ask(&self, question: &str, is_secret: bool) -> Result<String, ChannelError> {
        // Belongs to this future and not to the thread that reads: when Ctrl-C drops the future, the
        // terminal shows again what is typed.
        let _hidden = is_secret.then(HiddenInput::begin);
        output::prompt(format_args!("{} ", question.trim_end()));
        let line = tokio::task::spawn_blocking(read_line).await;
        if is_secret {
            output::note("");
        }
        line.unwrap_or_else(|panic| Err(io::Error::other(panic))).map_err(|error| {
            ChannelError::new(ErrorKind::Cancelled, "the question was not answered")
                .with_source(error)
        })
    }
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the input has ended"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn text_of(prompt: LoginPrompt) -> String {
    match prompt {
        LoginPrompt::Qr { data, expires_in } => qr(&data, expires_in),
        LoginPrompt::Url(url) => format!("Open this address: {url}"),
        LoginPrompt::Code(code) => {
            format!("Enter this code: {}", output::styled(code, output::STRONG))
        }
        LoginPrompt::Message(text) => text,
    }
}

/// The code as a picture, and as text for whoever cannot scan it.
fn qr(data: &str, expires_in: Option<Duration>) -> String {
    let picture = QrCode::new(data).map(|code| code.render::<Dense1x2>().quiet_zone(true).build());
    let validity = expires_in.map(|time| format!(" (valid for {} s)", time.as_secs()));
    let validity = validity.unwrap_or_default();
    match picture.map(|picture| dark_on_light(&picture)) {
        Ok(picture) => format!("{picture}Scan this code{validity}, or use its text: {data}"),
        Err(_) => format!("Make a QR code of this text and scan it{validity}: {data}"),
    }
}

/// Some cameras do not read a light code on the dark ground that most terminals have.
fn dark_on_light(picture: &str) -> String {
    let lines = picture.lines().map(|line| format!("{}\n", output::styled(line, PAPER)));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_drawn_with_its_text_below() {
        let text = qr("https://a.example/login", Some(Duration::from_secs(60)));
        assert!(text.contains('█'), "{text}");
        assert!(text.ends_with("(valid for 60 s), or use its text: https://a.example/login"));
    }

    #[test]
    fn text_that_is_too_long_for_a_code_is_shown_as_it_is() {
        let long = "x".repeat(10_000);
        assert!(qr(&long, None).ends_with(&format!("scan it: {long}")));
    }
}
