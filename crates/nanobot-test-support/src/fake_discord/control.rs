//! What a test does with the server, and sees of it.

use serde_json::Value;

use super::sessions::Order;
use super::{DiscordCall, DiscordMessage, DiscordMischief, FakeDiscord, IncomingDiscord, world};

impl FakeDiscord {
    /// Address to configure as `apiBase`.
    #[must_use]
    pub fn api_base(&self) -> String {
        format!("{}/api/v10", self.server.url())
    }

    /// The token to configure.
    #[must_use]
    pub fn token(&self) -> String {
        self.shared.options.token.clone()
    }

    /// Makes a server known with its channels.
    pub fn add_guild(&self, guild: u64, channels: &[u64]) {
        let mut state = self.shared.state();
        for channel in channels {
            state.add_channel(*channel, 0, Some(guild), None);
        }
    }

    /// Opens a thread in a channel of a server.
    pub fn add_thread(&self, guild: u64, parent: u64, thread: u64) {
        self.shared.state().add_channel(thread, 11, Some(guild), Some(parent));
    }

    /// Opens a private chat.
    pub fn add_private_chat(&self, channel: u64) {
        self.shared.state().add_channel(channel, 1, None, None);
    }

    /// A person writes, and the bot hears of it if it is connected; says the id of the message.
    pub fn receive(&self, message: IncomingDiscord) -> u64 {
        let id = self.shared.state().person_wrote(message, true);
        self.shared.changes.tell();
        id
    }

    /// A person writes, and nobody tells the bot: it is in the history only.
    pub fn write_unheard(&self, message: IncomingDiscord) -> u64 {
        self.shared.state().person_wrote(message, false)
    }

    /// A person writes in a private chat.
    pub fn person_writes(&self, channel: u64, text: &str) -> u64 {
        self.receive(IncomingDiscord::private(channel, text))
    }

    /// Tells the bot again of a message.
    pub fn repeat(&self, channel: u64, message: u64) {
        self.shared.state().repeat(channel, message);
    }

    /// A person gives a slash command; says the id of the interaction.
    pub fn give_command(&self, channel: u64, guild: Option<u64>, name: &str) -> u64 {
        let id = self.shared.state().give_command(channel, guild, name);
        self.shared.changes.tell();
        id
    }

    /// A person deletes a message.
    pub fn delete(&self, channel: u64, message: u64) {
        self.shared.state().delete(channel, message);
    }

    /// The channel is not there any more.
    pub fn delete_channel(&self, channel: u64) {
        self.shared.state().channels.remove(&channel);
    }

    /// Forgets the nonces, as Discord does after some minutes.
    pub fn forget_nonces(&self) {
        self.shared.state().nonces.clear();
    }

    /// Puts a file on the server; says its address.
    pub fn add_file(&self, name: &str, content: &[u8]) -> String {
        self.shared.state().files.insert(name.to_owned(), content.to_vec());
        format!("{}/files/{name}", self.server.url())
    }

    /// Has the next call of a kind without mischief of its own go wrong.
    pub fn misbehave(&self, kind: &str, mischief: DiscordMischief) {
        self.shared.state().mischiefs.add(kind, mischief);
    }

    /// Lets one call that is held by [`DiscordMischief::Hold`] go on.
    pub fn release(&self) {
        self.shared.release.add_permits(1);
    }

    /// Cuts the connection of the gateway without a word.
    pub fn cut(&self) {
        self.shared.state().sessions.order(Order::Cut);
    }

    /// Closes the connection of the gateway with a code.
    pub fn close(&self, code: u16) {
        self.shared.state().sessions.order(Order::Close(code));
    }

    /// Asks for a new connection.
    pub fn ask_for_reconnect(&self) {
        self.shared.state().sessions.order(Order::Reconnect);
    }

    /// Ends the session; it may be resumed all the same, or not.
    pub fn invalidate_session(&self, may_resume: bool) {
        self.shared.state().sessions.invalidate(may_resume);
    }

    /// From now on heartbeats are not answered, as by a connection that is dead. Ends with the
    /// next connection.
    pub fn stop_answering_heartbeats(&self) {
        self.shared.state().sessions.is_silent = true;
    }

    /// Asks for a heartbeat at once.
    pub fn ask_for_heartbeat(&self) {
        self.shared.state().sessions.order(Order::AskForHeartbeat);
    }

    /// How many sessions may still be begun.
    pub fn set_sessions_left(&self, count: u32, reset_after_ms: u64) {
        self.shared.state().session_limit = Some((count, reset_after_ms));
    }

    /// Sessions that were begun.
    #[must_use]
    pub fn identifies(&self) -> usize {
        self.shared.state().sessions.identifies
    }

    /// Sessions that were resumed.
    #[must_use]
    pub fn resumes(&self) -> usize {
        self.shared.state().sessions.resumes
    }

    /// Heartbeats that were received.
    #[must_use]
    pub fn heartbeats(&self) -> usize {
        self.shared.state().sessions.heartbeats
    }

    /// True while a client has a session and a connection.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.shared.state().sessions.is_connected()
    }

    /// All calls so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<DiscordCall> {
        self.shared.state().calls.clone()
    }

    /// The calls of one kind so far, oldest first.
    #[must_use]
    pub fn calls_of(&self, kind: &str) -> Vec<DiscordCall> {
        self.shared.state().calls.iter().filter(|call| call.kind == kind).cloned().collect()
    }

    /// What a person sees of the bot in a channel, oldest first.
    #[must_use]
    pub fn shown(&self, channel: u64) -> Vec<DiscordMessage> {
        self.shared.state().shown(channel)
    }

    /// The bot's reactions to a message.
    #[must_use]
    pub fn reactions(&self, channel: u64, message: u64) -> Vec<String> {
        self.shared.state().reactions(channel, message)
    }

    /// What was answered to a command; None while Discord shows "thinking…".
    #[must_use]
    pub fn answer_to(&self, interaction: u64) -> Option<String> {
        self.shared.state().interactions.get(&interaction).and_then(world::Asked::answer)
    }

    /// The application commands.
    #[must_use]
    pub fn commands(&self) -> Vec<Value> {
        self.shared.state().commands.clone()
    }

    /// Takes the violations seen so far; untaken ones fail the test at the end.
    #[must_use]
    pub fn take_violations(&self) -> Vec<String> {
        self.server.violations.take()
    }

    /// Waits until calls of a kind were made this often.
    pub async fn wait_for_calls(&self, kind: &str, count: usize) {
        let what = format!("{kind} was called {count} times");
        self.wait_until(&what, |fake| fake.calls_of(kind).len() >= count).await;
    }
}
