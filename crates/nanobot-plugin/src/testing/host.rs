use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nanobot_channel::{Acceptance, ChannelStatus, InboundMessage, LoginPrompt, Publication};
use nanobot_plugin_link::Peer;
use nanobot_protocol::line::Id;
use nanobot_protocol::{
    AudioTranscribe, AudioTranscribeAnswer, Empty, ErrorKind, ErrorObject, LoginInputAnswer,
    MessageReceivedAnswer, PluginMessage, SenderCheckAnswer, StreamAck,
};
use tokio::sync::{mpsc, watch};

use super::convert;

/// Messages and states that may wait for the test to look at them; older than that, the newest is
/// dropped.
const QUEUE: usize = 4096;

/// What the played gateway says when it is asked, and what it heard.
pub(super) struct Host {
    pub(super) script: Arc<Mutex<Script>>,
    pub(super) inbound: mpsc::Receiver<InboundMessage>,
    pub(super) statuses: mpsc::Receiver<ChannelStatus>,
}

/// The last ack of a stream.
pub(super) type Ack = Option<StreamAck>;

pub(super) struct Script {
    pub(super) answer: Result<MessageReceivedAnswer, ErrorObject>,
    pub(super) recordings: HashMap<String, String>,
    pub(super) published: Vec<Publication>,
    pub(super) login_answers: VecDeque<String>,
    pub(super) login_prompts: Vec<LoginPrompt>,
    pub(super) acks: HashMap<String, watch::Sender<Ack>>,
}

/// The side of the host that the link's reader calls.
pub(super) struct Ear {
    peer: Peer,
    script: Arc<Mutex<Script>>,
    inbound: mpsc::Sender<InboundMessage>,
    statuses: mpsc::Sender<ChannelStatus>,
}

pub(super) fn host(peer: Peer) -> (Host, Ear) {
    let (inbound, received) = mpsc::channel(QUEUE);
    let (statuses, reported) = mpsc::channel(QUEUE);
    let script = Arc::new(Mutex::new(Script {
        answer: Ok(convert::acceptance(Acceptance::Accepted)),
        recordings: HashMap::new(),
        published: Vec::new(),
        login_answers: VecDeque::new(),
        login_prompts: Vec::new(),
        acks: HashMap::new(),
    }));
    let ear = Ear { peer, script: Arc::clone(&script), inbound, statuses };
    let host = Host { script, inbound: received, statuses: reported };
    (host, ear)
}

impl Host {
    pub(super) fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }
}

pub(super) fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ear {
    pub(super) fn hear(&self, message: PluginMessage) {
        match message {
            PluginMessage::MessageReceived(id, message) => {
                let answer = lock(&self.script).answer.clone();
                let _ = self.inbound.try_send(convert::inbound(message));
                self.peer.answer_now(id, answer.as_ref());
            }
            PluginMessage::SenderCheck(id, _) => self.check_sender(id),
            PluginMessage::AudioTranscribe(id, recording) => self.transcribe(id, &recording),
            PluginMessage::MessagePublish(id, message) => {
                lock(&self.script).published.push(convert::publication(message));
                self.peer.answer_now(id, Ok(&Empty {}));
            }
            PluginMessage::LoginInput(id, _) => self.login_input(id),
            PluginMessage::ChannelStatus(status) => {
                let _ = self.statuses.try_send(convert::status(status));
            }
            PluginMessage::StreamAck(ack) => self.ack(ack),
            PluginMessage::LoginPrompt(prompt) => {
                let prompt = convert::login_prompt(prompt);
                lock(&self.script).login_prompts.push(prompt);
            }
        }
    }

    /// Allows whom it would accept messages of.
    fn check_sender(&self, id: Id) {
        let denied = Ok(convert::acceptance(Acceptance::Denied));
        let allowed = lock(&self.script).answer != denied;
        self.peer.answer_now(id, Ok(&SenderCheckAnswer { allowed }));
    }

    fn transcribe(&self, id: Id, recording: &AudioTranscribe) {
        let answer = match lock(&self.script).recordings.get(&recording.path) {
            Some(text) => Ok(AudioTranscribeAnswer { text: text.clone() }),
            None => Err(ErrorObject::new(ErrorKind::Rejected, "the test knows no such recording")),
        };
        self.peer.answer_now(id, answer.as_ref());
    }

    fn login_input(&self, id: Id) {
        let answer = match lock(&self.script).login_answers.pop_front() {
            Some(value) => Ok(LoginInputAnswer { value }),
            None => Err(ErrorObject::new(ErrorKind::Cancelled, "the person gave up")),
        };
        self.peer.answer_now(id, answer.as_ref());
    }

    fn ack(&self, ack: StreamAck) {
        if let Some(stream) = lock(&self.script).acks.get(&ack.stream_id) {
            stream.send_replace(Some(ack));
        }
    }
}
