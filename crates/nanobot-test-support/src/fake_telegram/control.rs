//! What a test does with the server, and sees of it.

use serde_json::{Value, json};

use super::{FakeTelegram, Incoming, Mischief, ShownMessage, TelegramCall};

impl FakeTelegram {
    /// Address to configure as `apiBase`.
    #[must_use]
    pub fn api_base(&self) -> String {
        self.server.url()
    }

    /// The token to configure.
    #[must_use]
    pub fn token(&self) -> String {
        self.shared.options.token.clone()
    }

    /// Delivers a message of a person to the bot; says the ids of the update and of the message.
    pub fn receive(&self, message: Incoming) -> (i64, i64) {
        let ids = self.shared.state().receive(message);
        self.shared.changes.tell();
        ids
    }

    /// A person writes to the bot in private.
    pub fn person_writes(&self, person: i64, text: &str) -> (i64, i64) {
        self.receive(Incoming::text(person, text))
    }

    /// Delivers an update of any kind, without its id; says the id.
    pub fn update(&self, update: Value) -> i64 {
        let id = self.shared.state().updates.push(update);
        self.shared.changes.tell();
        id
    }

    /// Makes a chat known, as if somebody had written there.
    pub fn know_chat(&self, chat: i64) {
        self.shared.state().chats.know(chat);
    }

    /// From now on the person refuses messages of the bot.
    pub fn block(&self, chat: i64) {
        self.shared.state().chats.block(chat);
    }

    /// The group becomes a supergroup with another id.
    pub fn migrate(&self, from: i64, to: i64) {
        self.shared.state().chats.migrate(from, to);
    }

    /// A person deletes a message.
    pub fn delete(&self, chat: i64, message: i64) {
        self.shared.state().chats.delete(chat, message);
    }

    /// Closes a topic of a forum for good.
    pub fn delete_topic(&self, chat: i64, thread: i64) {
        self.shared.state().chats.delete_topic(chat, thread);
    }

    /// Puts a file on the server. `size` is what the server says of it.
    pub fn add_file(&self, file_id: &str, path: &str, content: &[u8], size: u64) {
        let mut state = self.shared.state();
        state.files.insert(path.to_owned(), content.to_vec());
        state.file_ids.insert(file_id.to_owned(), (path.to_owned(), size));
    }

    /// Has the next call of a method without mischief of its own go wrong.
    pub fn misbehave(&self, method: &str, mischief: Mischief) {
        self.shared.state().mischiefs.add(method, mischief);
    }

    /// Lets one call that is held by [`Mischief::Hold`] go on.
    pub fn release(&self) {
        self.shared.release.add_permits(1);
    }

    /// All calls so far, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<TelegramCall> {
        self.shared.state().calls.clone()
    }

    /// The calls of one method so far, oldest first.
    #[must_use]
    pub fn calls_of(&self, method: &str) -> Vec<TelegramCall> {
        self.shared.state().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// What a person sees of the bot in a chat, oldest first.
    #[must_use]
    pub fn shown(&self, chat: i64) -> Vec<ShownMessage> {
        self.shared.state().chats.shown(chat)
    }

    /// What a person sees of a message that the bot is writing.
    #[must_use]
    pub fn draft(&self, chat: i64) -> Option<String> {
        self.shared.state().chats.draft(chat)
    }

    /// The bot's reaction to a message.
    #[must_use]
    pub fn reaction(&self, chat: i64, message: i64) -> Option<String> {
        self.shared.state().chats.reaction(chat, message)
    }

    /// Updates that the bot has not confirmed.
    #[must_use]
    pub fn pending_updates(&self) -> usize {
        self.shared.state().updates.pending()
    }

    /// The parameters of the webhook that is set.
    #[must_use]
    pub fn webhook(&self) -> Option<Value> {
        self.shared.state().webhook.clone()
    }

    /// Another program sets a webhook for the bot.
    pub fn set_webhook(&self, url: &str) {
        self.shared.state().webhook = Some(json!({"url": url}));
        self.shared.changes.tell();
    }

    /// The menu of commands.
    #[must_use]
    pub fn commands(&self) -> Vec<Value> {
        self.shared.state().commands.clone()
    }

    /// Waits until a method was called this often.
    pub async fn wait_for_calls(&self, method: &str, count: usize) {
        let what = format!("{method} was called {count} times");
        self.wait_until(&what, |fake| fake.calls_of(method).len() >= count).await;
    }

    /// Takes the violations seen so far; untaken ones fail the test at the end.
    #[must_use]
    pub fn take_violations(&self) -> Vec<String> {
        self.server.violations.take()
    }
}
