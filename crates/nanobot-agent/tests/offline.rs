//! The offline model, and models found on this machine.

mod support;

use nanobot_agent::local_models::{LocalCandidate, LocalServer, LocalServerKind, find};
use nanobot_agent::{Agent, AgentSettings, Ending};
use nanobot_test_support::FakeModel;
use serde_json::json;
use support::{run, turn, turn_after};

fn scripted(script: &str) -> (tempfile::NamedTempFile, Agent) {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), script).expect("the script is written");
    let mut settings = AgentSettings::default();
    settings.model.model = Some(format!("offline:{}", file.path().display()));
    (file, Agent::new(settings))
}

#[tokio::test]
async fn without_a_model_the_offline_model_introduces_itself_once() {
    let agent = Agent::new(AgentSettings::default());
    assert!(agent.describe_model().offline);
    let (first, ears) = run(&agent, turn("hello\nworld")).await;
    assert_eq!(first.ending, Ending::Complete);
    assert!(first.reply.contains("`agents.defaults.model`"), "{}", first.reply);
    assert!(first.reply.ends_with("\n\n> hello\n> world"), "{}", first.reply);
    assert!(ears.pieces().len() > 10, "it is streamed");
    let (second, _) = run(&agent, turn_after(first.history, "more")).await;
    assert!(!second.reply.contains("agents.defaults"), "{}", second.reply);
    assert!(second.reply.ends_with("> more"), "{}", second.reply);
}

#[tokio::test]
async fn a_script_decides_what_the_offline_model_says() {
    let (_file, agent) =
        scripted(r#"[{"match": "joke", "pieces": ["Knock ", "knock."], "delay_ms": 1}]"#);
    let (outcome, ears) = run(&agent, turn("a joke please")).await;
    assert_eq!(outcome.reply, "Knock knock.");
    assert_eq!(ears.pieces(), ["Knock ", "knock."]);
}

#[tokio::test]
async fn the_script_of_the_settings_is_used_without_a_model() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), r#"[{"match": "*", "reply": "scripted"}]"#)
        .expect("the script is written");
    let mut settings = AgentSettings::default();
    settings.model.offline_script = Some(file.path().to_owned());
    assert_eq!(run(&Agent::new(settings), turn("hello")).await.0.reply, "scripted");
}

#[tokio::test]
async fn a_bad_script_is_named_with_its_field() {
    let (file, agent) = scripted(r#"[{"match": "a", "reply": "b"}, {"match": "c", "reply": 5}]"#);
    let (outcome, _) = run(&agent, turn("hello")).await;
    assert_eq!(outcome.ending, Ending::Failed);
    assert!(outcome.reply.contains(&file.path().display().to_string()), "{}", outcome.reply);
    assert!(outcome.reply.contains("`[1].reply`"), "{}", outcome.reply);
    assert_eq!(agent.describe_model().hint, Some(outcome.reply));
}

#[tokio::test]
async fn running_model_servers_are_found_with_their_models() {
    let fake = FakeModel::start().await;
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    // Leads to this machine as well where it leads anywhere, but is not an address of it.
    let not_loopback = fake.root_url().replace("127.0.0.1", "0.0.0.0");
    let candidates = [
        LocalCandidate { kind: LocalServerKind::Ollama, root: fake.root_url() },
        LocalCandidate { kind: LocalServerKind::LmStudio, root: closed },
        LocalCandidate { kind: LocalServerKind::Vllm, root: fake.root_url() },
        LocalCandidate { kind: LocalServerKind::Vllm, root: not_loopback.clone() },
    ];
    let found = |kind| LocalServer {
        kind,
        api_base: fake.base_url(),
        models: vec!["fake-model".to_owned()],
    };
    let servers = find(&candidates).await;
    assert_eq!(servers, [found(LocalServerKind::Ollama), found(LocalServerKind::Vllm)]);
    assert_eq!(
        servers[0].config("fake-model"),
        json!({
            "agents": {"defaults": {"provider": "ollama", "model": "fake-model"}},
            "providers": {"ollama": {"apiBase": fake.base_url()}},
        })
    );
}
