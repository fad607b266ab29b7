use nanobot_channel::ChannelError;

use crate::api::TOKEN_HINT;

/// `GUILD_MEMBERS`, `GUILD_PRESENCES` and `MESSAGE_CONTENT` with their switches in the portal.
/// See [Discord/privileged intents](https://docs.discord.com/developers/events/gateway#privileged-intents).
const SWITCHES: &[(u64, &str)] = &[
    (1 << 1, "Server Members Intent"),
    (1 << 8, "Presence Intent"),
    (1 << 15, "Message Content Intent"),
];

/// Why a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Closed {
    /// The other side closed it, with a code if it said one.
    Code(Option<u16>),
    /// The other side wants a new connection.
    Reconnect,
    /// The session is not valid; true if it may be resumed all the same.
    InvalidSession(bool),
    /// A heartbeat was not answered.
    Silent,
    /// The line broke.
    Broken(String),
}

impl Closed {
    /// True if the session can go on on another connection.
    ///
    /// See [Discord/gateway close event codes](https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes).
    pub(crate) fn may_resume(&self) -> bool {
        match self {
            Self::InvalidSession(may_resume) => *may_resume,
            // 1000 and 1001 end the session; 4007 and 4009 say that it is gone.
            Self::Code(Some(1000 | 1001 | 4003 | 4007 | 4009)) => false,
            _ => true,
        }
    }

    /// The reason for never trying again, if this is one.
    pub(crate) fn fatal(&self, intents: u64) -> Option<ChannelError> {
        let Self::Code(Some(code)) = self else { return None };
        Some(match code {
            4004 => ChannelError::auth("discord does not accept the token (close code 4004)")
                .with_hint(TOKEN_HINT),
            4010..=4012 => ChannelError::invalid(format!(
                "discord refuses this kind of connection (close code {code}): the bot is in more \
                 servers than one connection may serve, or the API has a new version"
            )),
            4013 => ChannelError::invalid(
                "discord does not know the intents in channels.discord.intents (close code 4013)",
            )
            .with_hint("remove channels.discord.intents from the config"),
            4014 => ChannelError::invalid(
                "discord does not allow the bot the intents it asks for (close code 4014)",
            )
            .with_hint(switches_hint(intents)),
            _ => return None,
        })
    }
}

fn switches_hint(intents: u64) -> String {
    let asked = SWITCHES.iter().filter(|(bit, _)| intents & bit != 0).map(|(_, name)| *name);
    let names: Vec<&str> = asked.collect();
    format!(
        "open https://discord.com/developers/applications, choose the application, page Bot, \
         section Privileged Gateway Intents, and switch on: {}; then start the gateway again",
        names.join(", ")
    )
}

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(Some(code)) => write!(f, "discord closed the connection with code {code}"),
            Self::Code(None) => f.write_str("discord closed the connection"),
            Self::Reconnect => f.write_str("discord asked for a new connection"),
            Self::InvalidSession(_) => f.write_str("discord has ended the session"),
            Self::Silent => f.write_str("discord did not answer a heartbeat"),
            Self::Broken(reason) => write!(f, "the connection broke: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use nanobot_channel::ErrorKind;

    use super::*;

    #[track_caller]
    fn check(code: u16, kind: Option<ErrorKind>, may_resume: bool) {
        let closed = Closed::Code(Some(code));
        assert_eq!(closed.fatal(37377).map(|error| error.kind()), kind);
        assert_eq!(closed.may_resume(), may_resume);
    }

    #[test]
    fn each_close_code_says_whether_to_go_on() {
        check(4000, None, true);
        check(4008, None, true);
        check(4007, None, false);
        check(4009, None, false);
        check(1000, None, false);
        check(1006, None, true);
        assert_eq!(Closed::Code(Some(4004)).fatal(0).unwrap().kind(), ErrorKind::Auth);
        for code in 4010..=4014 {
            assert_eq!(Closed::Code(Some(code)).fatal(0).unwrap().kind(), ErrorKind::Invalid);
        }
    }

    #[test]
    fn disallowed_intents_name_their_switches() {
        let hint =
            |intents| Closed::Code(Some(4014)).fatal(intents).unwrap().hint().unwrap().to_owned();
        assert!(hint(37377).contains("switch on: Message Content Intent;"));
        assert!(hint(37377 | 2).contains("Server Members Intent, Message Content Intent;"));
    }
}
