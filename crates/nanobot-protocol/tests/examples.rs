//! The conversations in `protocol/v1/examples` are legal, and these types read and write them
//! without loss.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use nanobot_protocol::line::{self, Id, Incoming};
use nanobot_protocol::{
    AudioTranscribe, ChannelLogin, ChannelStart, ErrorKind, ErrorObject, HostMessage, Initialize,
    LoginInput, MessagePublish, MessageReceived, MessageSend, Messages, Ping, PluginMessage,
    Request, SenderCheck, Shutdown, StreamEnd,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// One line of a conversation.
#[derive(Deserialize)]
struct Said {
    from: Side,
    line: Box<RawValue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Host,
    Plugin,
}

/// What a conversation has said so far.
#[derive(Default)]
struct Conversation {
    /// Method of each request that waits for its answer, by who asked.
    waiting: HashMap<(Side, Id), String>,
    methods: BTreeSet<String>,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Host => Self::Plugin,
            Self::Plugin => Self::Host,
        }
    }
}

impl Conversation {
    fn take(&mut self, said: &Said) {
        let text = said.line.get();
        match line::parse(text).expect("each line is a message") {
            Incoming::Request { id, method, params } => {
                self.methods.insert(method.to_string());
                let unanswered = self.waiting.insert((said.from, id), method.to_string());
                assert_eq!(unanswered, None, "id {id} is in use");
                check_call(said.from, Some(id), &method, params, text);
            }
            Incoming::Notification { method, params } => {
                self.methods.insert(method.to_string());
                check_call(said.from, None, &method, params, text);
            }
            Incoming::Answer { id, result } => {
                let asked = self.waiting.remove(&(said.from.other(), id));
                let method = asked.expect("each answer belongs to a request");
                check_answer(id, &method, result, text);
            }
        }
    }
}

/// Reads the call as its type and writes it again.
fn check_call(from: Side, id: Option<Id>, method: &str, params: &RawValue, text: &str) {
    let written = match from {
        Side::Host => read::<HostMessage>(id, method, params).map(|said| write_host(&said)),
        Side::Plugin => read::<PluginMessage>(id, method, params).map(|said| write_plugin(&said)),
    };
    match written {
        Ok(written) => assert_same(&written, text),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{}", error.message),
    }
}

fn read<M: Messages>(id: Option<Id>, method: &str, params: &RawValue) -> Result<M, ErrorObject> {
    match id {
        Some(id) => M::request(id, method, params),
        None => M::notification(method, params),
    }
}

fn write_host(said: &HostMessage) -> Vec<u8> {
    match said {
        HostMessage::Initialize(id, params) => line::request(*id, params),
        HostMessage::ChannelLogin(id, params) => line::request(*id, params),
        HostMessage::ChannelStart(id, params) => line::request(*id, params),
        HostMessage::MessageSend(id, params) => line::request(*id, params),
        HostMessage::StreamEnd(id, params) => line::request(*id, params),
        HostMessage::Ping(id, params) => line::request(*id, params),
        HostMessage::Shutdown(id, params) => line::request(*id, params),
        HostMessage::StreamStart(params) => line::notification(params),
        HostMessage::StreamDelta(params) => line::notification(params),
        HostMessage::Cancel(params) => line::notification(params),
    }
}

fn write_plugin(said: &PluginMessage) -> Vec<u8> {
    match said {
        PluginMessage::MessageReceived(id, params) => line::request(*id, params),
        PluginMessage::SenderCheck(id, params) => line::request(*id, params),
        PluginMessage::AudioTranscribe(id, params) => line::request(*id, params),
        PluginMessage::MessagePublish(id, params) => line::request(*id, params),
        PluginMessage::LoginInput(id, params) => line::request(*id, params),
        PluginMessage::ChannelStatus(params) => line::notification(params),
        PluginMessage::StreamAck(params) => line::notification(params),
        PluginMessage::LoginPrompt(params) => line::notification(params),
    }
}

/// Reads the answer as the type that belongs to the method and writes it again.
fn check_answer(id: Id, method: &str, result: Result<&RawValue, ErrorObject>, text: &str) {
    let result = match result {
        Ok(result) => result,
        Err(error) => return assert_same(&line::answer::<()>(id, Err(&error)), text),
    };
    let check: fn(Id, &RawValue, &str) = match method {
        Initialize::METHOD => check_result::<Initialize>,
        ChannelLogin::METHOD => check_result::<ChannelLogin>,
        ChannelStart::METHOD => check_result::<ChannelStart>,
        MessageSend::METHOD => check_result::<MessageSend>,
        StreamEnd::METHOD => check_result::<StreamEnd>,
        Ping::METHOD => check_result::<Ping>,
        Shutdown::METHOD => check_result::<Shutdown>,
        MessageReceived::METHOD => check_result::<MessageReceived>,
        SenderCheck::METHOD => check_result::<SenderCheck>,
        AudioTranscribe::METHOD => check_result::<AudioTranscribe>,
        MessagePublish::METHOD => check_result::<MessagePublish>,
        LoginInput::METHOD => check_result::<LoginInput>,
        other => panic!("{other} has no answer"),
    };
    check(id, result, text);
}

fn check_result<R: Request>(id: Id, result: &RawValue, text: &str) {
    let answer: R::Answer = serde_json::from_str(result.get()).expect("the answer has its type");
    assert_same(&written_answer(id, &answer), text);
}

fn written_answer(id: Id, answer: &impl Serialize) -> Vec<u8> {
    line::answer(id, Ok(answer))
}

#[track_caller]
fn assert_same(written: &[u8], text: &str) {
    let written: Value = serde_json::from_slice(written).expect("it was written as JSON");
    let text: Value = serde_json::from_str(text).expect("it was read as JSON");
    assert_eq!(written, text);
}

/// Each conversation's name and lines.
fn conversations() -> Vec<(String, Vec<Said>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../protocol/v1/examples");
    let files = std::fs::read_dir(folder).expect("the examples are in the repository");
    let mut conversations: Vec<_> = files
        .map(|file| {
            let path = file.expect("the folder can be listed").path();
            let text = std::fs::read_to_string(&path).expect("it is text");
            let lines = text.lines().map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{path:?}: {error}"))
            });
            (path.display().to_string(), lines.collect())
        })
        .collect();
    conversations.sort_by(|(left, _), (right, _)| left.cmp(right));
    conversations
}

#[test]
fn each_line_is_read_and_written_as_its_type_without_loss() {
    for (name, lines) in conversations() {
        let mut conversation = Conversation::default();
        for said in &lines {
            conversation.take(said);
        }
        let waiting = conversation.waiting;
        assert!(waiting.is_empty(), "{name} leaves requests open: {waiting:?}");
    }
}

#[test]
fn each_method_has_an_example() {
    let mut conversation = Conversation::default();
    for (_, lines) in conversations() {
        conversation.waiting.clear();
        lines.iter().for_each(|said| conversation.take(said));
    }
    let methods = [HostMessage::METHODS, PluginMessage::METHODS].concat_names();
    let missing: Vec<_> = methods.difference(&conversation.methods).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}

trait Names {
    fn concat_names(self) -> BTreeSet<String>;
}

impl Names for [&[nanobot_protocol::method::MethodInfo]; 2] {
    fn concat_names(self) -> BTreeSet<String> {
        let methods = self.into_iter().flatten();
        methods.map(|method| method.name.to_owned()).collect()
    }
}

#[test]
fn what_is_answered_to_an_unknown_method_is_what_the_example_shows() {
    let unknown = RawValue::from_string("{}".into()).expect("it is JSON");
    let error = HostMessage::request(15, "moon/phase", &unknown).expect_err("it is not known");
    let expected: Value = serde_json::from_slice(&line::answer::<()>(15, Err(&error))).unwrap();
    let conversations = conversations();
    let (_, lines) = conversations
        .iter()
        .find(|(name, _)| name.ends_with("unknown-method.jsonl"))
        .expect("the example is there");
    let shown: Value = serde_json::from_str(lines[1].line.get()).unwrap();
    assert_eq!(shown, expected);
}
