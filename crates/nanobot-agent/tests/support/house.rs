//! An agent at home: a workspace, received media and secrets around it.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of it")]

use nanobot_agent::{Agent, AgentSettings, Ending};
use nanobot_test_support::{FakeModel, FakeReply};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{run, settings, turn};

/// An agent whose workspace lies in a data folder with secrets, as it usually does.
pub struct House {
    pub root: TempDir,
    pub fake: FakeModel,
    pub settings: AgentSettings,
}

impl House {
    pub async fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for folder in ["data/workspace/notes", "data/media/telegram", "outside"] {
            std::fs::create_dir_all(root.path().join(folder)).expect("the folder is created");
        }
        let fake = FakeModel::start().await;
        let mut settings = settings(&fake).with_data_dir(root.path().join("data"));
        settings.workspace = root.path().join("data/workspace");
        let house = Self { root, fake, settings };
        house.write("data/config.json", "the-key-of-the-house");
        house.write("outside/secret.txt", "nobody may read this");
        house.write("data/media/telegram/cat.png", "a picture");
        house
    }

    pub fn path(&self, path: &str) -> String {
        self.root.path().join(path).display().to_string()
    }

    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.root.path().join(path), text).expect("the file is written");
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.path().join(path)).expect("the file is read")
    }

    pub fn exists(&self, path: &str) -> bool {
        self.root.path().join(path).exists()
    }

    /// Lets the model use a tool; gives what it was told.
    pub async fn call(&self, tool: &str, arguments: Value) -> String {
        self.fake.push(FakeReply::tool_call(tool, &arguments));
        self.fake.push(FakeReply::text("done"));
        let (outcome, _) = run(&Agent::new(self.settings.clone()), turn("go")).await;
        assert_eq!(outcome.ending, Ending::Complete);
        self.fake.last_request().tool_results()[0].to_owned()
    }

    pub async fn exec(&self, command: &str) -> String {
        self.call("exec", json!({"command": command})).await
    }
}
