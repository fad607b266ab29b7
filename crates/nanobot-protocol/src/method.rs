//! Which method carries which parameters and gets which answer.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::line::Id;
use crate::{
    AudioTranscribe, AudioTranscribeAnswer, Cancel, ChannelLogin, ChannelLoginAnswer, ChannelStart,
    ChannelStatus, Empty, ErrorKind, ErrorObject, Initialize, InitializeAnswer, LoginInput,
    LoginInputAnswer, LoginPrompt, MessagePublish, MessageReceived, MessageReceivedAnswer,
    MessageSend, MessageSendAnswer, Ping, PingAnswer, SenderCheck, SenderCheckAnswer, Shutdown,
    StreamAck, StreamDelta, StreamEnd, StreamStart,
};

/// Parameters of a method that wants exactly one answer.
pub trait Request: Serialize + DeserializeOwned + JsonSchema + Send {
    /// The method's name.
    const METHOD: &'static str;
    /// What a success answers.
    type Answer: Serialize + DeserializeOwned + JsonSchema + Send;
}

/// Parameters of a method that wants no answer.
pub trait Notification: Serialize + DeserializeOwned + JsonSchema + Send {
    /// The method's name.
    const METHOD: &'static str;
}

/// All messages that one side sends.
pub trait Messages: Sized + Send {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    ///
    /// Kind `unsupported` for an unknown method, `invalid` for wrong parameters; to be answered as
    /// it is.
    fn request(id: Id, method: &str, params: &RawValue) -> Result<Self, ErrorObject>;

    /// Reads the parameters of a notification.
    ///
    /// # Errors
    ///
    /// Kind `unsupported` for an unknown method, `invalid` for wrong parameters; to be logged, as a
    /// notification has no answer.
    fn notification(method: &str, params: &RawValue) -> Result<Self, ErrorObject>;
}

/// One method, for the schema and for documentation.
pub struct MethodInfo {
    /// The method's name.
    pub name: &'static str,
    /// Schema of its parameters.
    pub params: fn(&mut SchemaGenerator) -> Schema,
    /// Schema of its answer; notifications have none.
    pub answer: Option<fn(&mut SchemaGenerator) -> Schema>,
}

macro_rules! direction {
    (
        $(#[$doc:meta])* $name:ident, requests { $($request:ident: $rmethod:literal -> $answer:ident,)* }
        notifications { $($notification:ident: $nmethod:literal,)* }
    ) => {
        $(impl Request for $request {
            const METHOD: &'static str = $rmethod;
            type Answer = $answer;
        })*
        $(impl Notification for $notification {
            const METHOD: &'static str = $nmethod;
        })*

        $(#[$doc])*
        #[derive(Debug)]
        #[expect(missing_docs, reason = "each variant is a method, documented at its parameters")]
        pub enum $name {
            $($request(Id, $request),)*
            $($notification($notification),)*
        }

        impl $name {
            /// All methods of this direction.
            pub const METHODS: &'static [MethodInfo] = &[
                $(MethodInfo {
                    name: $rmethod,
                    params: |generator| generator.subschema_for::<$request>(),
                    answer: Some(|generator| generator.subschema_for::<$answer>()),
                },)*
                $(MethodInfo {
                    name: $nmethod,
                    params: |generator| generator.subschema_for::<$notification>(),
                    answer: None,
                },)*
            ];
        }

        impl Messages for $name {
            fn request(id: Id, method: &str, params: &RawValue) -> Result<Self, ErrorObject> {
                match method {
                    $($rmethod => read(method, params).map(|params| Self::$request(id, params)),)*
                    _ => Err(unknown(method)),
                }
            }

            fn notification(method: &str, params: &RawValue) -> Result<Self, ErrorObject> {
                match method {
                    $($nmethod => read(method, params).map(Self::$notification),)*
                    _ => Err(unknown(method)),
                }
            }
        }
    };
}

direction! {
    /// What a host sends to a plugin.
    HostMessage,
    requests {
        Initialize: "initialize" -> InitializeAnswer,
        ChannelLogin: "channel/login" -> ChannelLoginAnswer,
        ChannelStart: "channel/start" -> Empty,
        MessageSend: "message/send" -> MessageSendAnswer,
        StreamEnd: "stream/end" -> MessageSendAnswer,
        Ping: "ping" -> PingAnswer,
        Shutdown: "shutdown" -> Empty,
    }
    notifications {
        StreamStart: "stream/start",
        StreamDelta: "stream/delta",
        Cancel: "$/cancel",
    }
}

direction! {
    /// What a plugin sends to a host.
    PluginMessage,
    requests {
        MessageReceived: "message/received" -> MessageReceivedAnswer,
        SenderCheck: "sender/check" -> SenderCheckAnswer,
        AudioTranscribe: "audio/transcribe" -> AudioTranscribeAnswer,
        MessagePublish: "message/publish" -> Empty,
        LoginInput: "login/input" -> LoginInputAnswer,
    }
    notifications {
        ChannelStatus: "channel/status",
        StreamAck: "stream/ack",
        LoginPrompt: "login/prompt",
    }
}

fn read<P: DeserializeOwned>(method: &str, params: &RawValue) -> Result<P, ErrorObject> {
    serde_json::from_str(params.get()).map_err(|error| {
        ErrorObject::new(ErrorKind::Invalid, format!("params of {method} are not valid: {error}"))
    })
}

fn unknown(method: &str) -> ErrorObject {
    ErrorObject::new(ErrorKind::Unsupported, format!("method {method} is not known"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn unknown_method_is_unsupported_and_wrong_params_are_invalid() {
        let error = HostMessage::request(1, "moon/phase", &raw("{}")).unwrap_err();
        assert_eq!((error.kind(), error.code), (ErrorKind::Unsupported, -32601));
        let error = HostMessage::request(1, "shutdown", &raw("{}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message.contains("grace_ms"), "{}", error.message);
    }

    #[test]
    fn unknown_members_are_ignored() {
        let params = raw(r#"{"stream_id":"s","seq":1,"text":"a","colour":"blue"}"#);
        let message = HostMessage::notification("stream/delta", &params).unwrap();
        assert!(matches!(message, HostMessage::StreamDelta(StreamDelta { seq: 1, .. })));
    }
}
