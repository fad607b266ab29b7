//! A model server, and the program that asks it.

use nanobot_test_support::{FakeModel, TestGateway};
use serde_json::{Value, json};

use crate::client::{self, Reply};

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_nanobot");
/// Where questions are asked.
pub(crate) const COMPLETIONS: (&str, &str) = ("POST", "/v1/chat/completions");

pub(crate) struct World {
    pub(crate) model: FakeModel,
    pub(crate) server: TestGateway,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with_api(&json!({})).await
    }

    /// A world in which the section `api` says this.
    pub(crate) async fn with_api(api: &Value) -> Self {
        let model = FakeModel::start().await;
        let config = config(&model, api);
        let server = TestGateway::builder(BINARY).command("serve").config(config).start().await;
        Self { model, server }
    }

    pub(crate) async fn send(&self, body: &Value) -> Reply {
        self.send_with(&[], body).await
    }

    /// Sends a question with these headers.
    pub(crate) async fn send_with(&self, headers: &[(&str, &str)], body: &Value) -> Reply {
        let body = body.to_string();
        client::send(self.server.address(), COMPLETIONS, headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        client::send(self.server.address(), ("GET", path), &[], "").await
    }

    /// Asks in a session, and returns the answer.
    pub(crate) async fn ask(&self, session: &str, text: &str) -> String {
        let mut body = question(text);
        body["session_id"] = json!(session);
        text_of(&self.send(&body).await.expect(200).await)
    }

    /// What the model was told when it was asked last, without its instructions.
    pub(crate) fn told(&self) -> Vec<(String, String)> {
        let request = self.model.last_request();
        let told = request.messages().into_iter().filter(|(role, _)| *role != "system");
        let mut told: Vec<_> =
            told.map(|(role, text)| (role.to_owned(), text.to_owned())).collect();
        if let Some((_, question)) = told.last_mut() {
            *question = request.last_user_text().to_owned();
        }
        told
    }

    /// Keys of the sessions in the ledger.
    pub(crate) async fn sessions(&self) -> Vec<String> {
        let listed = self.server.command(BINARY, &["sessions", "list", "--json"]).await;
        let listed: Value = serde_json::from_slice(&listed.stdout).expect("a list of sessions");
        let keys = listed.as_array().expect("a list").iter();
        keys.map(|it| it["key"].as_str().expect("a key").to_owned()).collect()
    }
}

/// Pairs of a role and a text, to compare with what the model was told.
pub(crate) fn said(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(role, text)| ((*role).to_owned(), (*text).to_owned())).collect()
}

pub(crate) fn config(model: &FakeModel, api: &Value) -> Value {
    json!({
        "agents": {"defaults": {"model": "test-model", "provider": "custom"}},
        "providers": {"custom": {"apiBase": model.base_url()}},
        "api": api,
    })
}

/// A single message.
pub(crate) fn question(text: &str) -> Value {
    json!({"messages": [{"role": "user", "content": text}]})
}

pub(crate) fn text_of(completion: &Value) -> String {
    completion["choices"][0]["message"]["content"].as_str().expect("an answer").to_owned()
}
