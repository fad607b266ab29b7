//! Turns in which the model uses tools, against a fake model over real HTTP.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use nanobot_agent::{
    Agent, AgentSettings, Arguments, Ending, Message, Role, Tool, ToolContext, ToolError, ToolSpec,
};
use nanobot_test_support::{FakeModel, FakeReply, Step};
use serde_json::json;
use support::{Ears, run, settings, turn, turn_after};
use tokio::join;
use tokio::sync::{Barrier, Notify};

/// A tool that the test plays.
struct Played {
    name: &'static str,
    calls: AtomicUsize,
    behaviour: Behaviour,
}

enum Behaviour {
    Say(String),
    Fail,
    Panic,
    /// Returns only when this many calls run at once.
    Meet(Barrier),
    /// Counts how many calls run at once.
    Count {
        now: AtomicUsize,
        most: AtomicUsize,
    },
    /// Says that it runs, and never returns.
    Hang(Notify),
}

impl Played {
    fn new(name: &'static str, behaviour: Behaviour) -> Arc<Self> {
        Arc::new(Self { name, calls: AtomicUsize::new(0), behaviour })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Tool for Played {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: self.name.to_owned(),
            description: "a tool of the test".to_owned(),
            parameters: json!({"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}),
        }
    }

    fn is_read_only(&self) -> bool {
        matches!(self.behaviour, Behaviour::Meet(_) | Behaviour::Count { .. })
    }

    async fn call(&self, arguments: &Arguments, cx: &ToolContext<'_>) -> Result<String, ToolError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match &self.behaviour {
            Behaviour::Say(text) => {
                Ok(format!("{text} {} {}", arguments.text("path")?, cx.chat_id))
            }
            Behaviour::Fail => Err(ToolError::new("no such file")),
            Behaviour::Panic => panic!("the tool breaks down"),
            Behaviour::Meet(barrier) => {
                barrier.wait().await;
                Ok("met".to_owned())
            }
            Behaviour::Count { now, most } => {
                most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                // The others begin before this one ends.
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::Relaxed);
                Ok("counted".to_owned())
            }
            Behaviour::Hang(running) => {
                running.notify_one();
                std::future::pending().await
            }
        }
    }
}

fn agent(settings: AgentSettings, tool: &Arc<Played>) -> Agent {
    Agent::new(settings).with_tool(Arc::clone(tool) as Arc<dyn Tool>)
}

fn say() -> Arc<Played> {
    Played::new("look", Behaviour::Say("seen".to_owned()))
}

const CALL: (&str, &str) = ("look", r#"{"path":"a"}"#);

#[tokio::test]
async fn a_round_of_tools_is_run_told_and_remembered() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::partial(["Let me ", "look."]).then_calls([CALL]));
    fake.push(FakeReply::text("Two files."));
    let (outcome, ears) = run(&agent(settings(&fake), &say()), turn("what is there?")).await;
    assert_eq!((outcome.reply.as_str(), outcome.ending), ("Two files.", Ending::Complete));
    assert_eq!(
        ears.log(),
        [
            "text Let me ",
            "text look.",
            "end true",
            "hint look(\"a\")",
            "text Two files.",
            "end false"
        ]
    );
    let roles: Vec<(Role, &str)> =
        outcome.history.iter().map(|entry| (entry.role, entry.content.as_str())).collect();
    assert_eq!(
        roles,
        [
            (Role::User, "what is there?"),
            (Role::Assistant, "Let me look."),
            (Role::Tool, "seen a 1"),
            (Role::Assistant, "Two files."),
        ]
    );
    assert_eq!(fake.requests()[0].tool_names(), ["look"]);
    assert_eq!(fake.last_request().tool_results(), ["seen a 1"]);
    assert_eq!((outcome.usage.input_tokens, outcome.usage.output_tokens), (2, 2));
}

#[tokio::test]
async fn history_with_tools_is_given_to_the_model_again() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::tool_calls([CALL, CALL]));
    fake.push(FakeReply::text("done"));
    let agent = agent(settings(&fake), &say());
    let (first, _) = run(&agent, turn("one")).await;
    run(&agent, turn_after(first.history, "two")).await;
    assert_eq!(fake.last_request().tool_results(), ["seen a 1", "seen a 1"]);
}

#[tokio::test]
async fn a_session_file_of_the_original_is_continued() {
    let fake = FakeModel::start().await;
    let lines = r#"{"role":"user","content":"list","timestamp":"2026-04-05T12:34:56.123456"}
{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"list_dir","arguments":"{\"path\": \".\"}"}}],"reasoning_content":"hm","timestamp":"2026-04-05T12:34:57"}
{"role":"tool","tool_call_id":"c1","name":"list_dir","content":"a.txt","timestamp":"2026-04-05T12:34:58"}
{"role":"assistant","content":"There is a.txt.","timestamp":"2026-04-05T12:34:59"}"#;
    let history: Vec<Message> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a message")).collect();
    run(&agent(settings(&fake), &say()), turn_after(history, "thanks")).await;
    assert_eq!(fake.last_request().tool_results(), ["a.txt"]);
}

#[tokio::test]
async fn calls_that_only_read_run_side_by_side() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::tool_calls([CALL, CALL, CALL]));
    fake.push(FakeReply::text("done"));
    let tool = Played::new("look", Behaviour::Meet(Barrier::new(3)));
    let (outcome, _) = run(&agent(settings(&fake), &tool), turn("hello")).await;
    assert_eq!(outcome.reply, "done");
    assert_eq!(fake.last_request().tool_results(), ["met"; 3]);
}

#[tokio::test]
async fn no_more_than_eight_calls_run_side_by_side() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::tool_calls([CALL; 20]));
    fake.push(FakeReply::text("done"));
    let tool = Played::new("look", Behaviour::Count { now: 0.into(), most: 0.into() });
    run(&agent(settings(&fake), &tool), turn("hello")).await;
    assert_eq!(fake.last_request().tool_results(), ["counted"; 20]);
    let Behaviour::Count { most, .. } = &tool.behaviour else { unreachable!("it counts") };
    assert_eq!(most.load(Ordering::Relaxed), 8);
}

#[tokio::test]
async fn failures_of_tools_are_told_to_the_model() {
    let fake = FakeModel::start().await;
    for (behaviour, expected) in [
        (Behaviour::Fail, "Error: no such file"),
        (Behaviour::Panic, "Error: the tool broke down. Try another way."),
    ] {
        fake.push(FakeReply::tool_calls([CALL]));
        let tool = Played::new("look", behaviour);
        let (outcome, _) = run(&agent(settings(&fake), &tool), turn("go on")).await;
        assert_eq!(outcome.ending, Ending::Complete);
        assert_eq!(fake.last_request().tool_results(), [expected]);
    }
}

#[tokio::test]
async fn malformed_calls_and_unknown_tools_are_explained_to_the_model() {
    #[track_caller]
    fn check(result: &str, expected: &str) {
        assert!(result.starts_with(expected), "{result}");
    }
    let fake = FakeModel::start().await;
    fake.push(FakeReply::tool_calls([("look", r#"{"path": "#), ("fly", "{}"), ("look", "{}")]));
    fake.push(FakeReply::text("I see"));
    let tool = say();
    let (outcome, _) = run(&agent(settings(&fake), &tool), turn("hello")).await;
    assert_eq!((outcome.reply.as_str(), tool.calls()), ("I see", 0));
    let request = fake.last_request();
    let results = request.tool_results();
    check(results[0], "Error: the arguments are not valid JSON");
    check(results[1], "Error: there is no tool `fly`. There are: look.");
    check(results[2], "Error: these arguments are missing: `path`.");
}

#[tokio::test]
async fn a_model_that_only_calls_nonsense_is_stopped() {
    let fake = FakeModel::start().await;
    fake.set_default(FakeReply::tool_calls([("fly", "{}")]));
    let (outcome, _) = run(&agent(settings(&fake), &say()), turn("hello")).await;
    assert_eq!((outcome.ending, fake.request_count()), (Ending::Failed, 4));
    assert!(outcome.reply.starts_with("The model tried to use tools"), "{}", outcome.reply);
}

#[tokio::test]
async fn an_endless_loop_ends_at_the_limit_with_a_message() {
    let fake = FakeModel::start().await;
    fake.set_default(FakeReply::tool_calls([CALL]));
    let mut settings = settings(&fake);
    settings.max_tool_iterations = 3;
    let tool = say();
    let (outcome, ears) = run(&agent(settings, &tool), turn("hello")).await;
    assert_eq!((outcome.ending, tool.calls(), fake.request_count()), (Ending::Failed, 3, 3));
    let expected = "I reached the maximum number of tool call iterations (3)";
    assert!(outcome.reply.starts_with(expected), "{}", outcome.reply);
    assert_eq!(ears.log().last().map(String::as_str), Some("end false"));
    assert_eq!(outcome.history.len(), 7);
}

#[tokio::test]
async fn long_results_are_cut_in_the_middle() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::tool_calls([CALL]));
    let mut settings = settings(&fake);
    settings.max_tool_result_chars = 100;
    let tool = Played::new("look", Behaviour::Say("x".repeat(5_000)));
    run(&agent(settings, &tool), turn("hello")).await;
    let request = fake.last_request();
    let result = request.tool_results()[0];
    assert!(result.contains("[… 4904 characters left out …]"), "{result}");
    assert!(result.ends_with("x a 1"), "{result}");
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_asked_again_with_less_of_it() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::status(400, r#"{"error":{"code":"context_length_exceeded"}}"#));
    fake.push(FakeReply::text("fits now"));
    let mut settings = settings(&fake);
    settings.context_window_tokens = 20_000;
    let long = "x".repeat(10_000);
    let mut history = Vec::new();
    for _ in 0..4 {
        history.push(Message::now(Role::User, long.clone()));
        history.push(Message::now(Role::Assistant, "yes"));
    }
    let (outcome, _) = run(&Agent::new(settings), turn_after(history, "hello")).await;
    assert_eq!(outcome.reply, "fits now");
    let sizes: Vec<usize> = fake.requests().iter().map(|it| it.messages().len()).collect();
    assert_eq!(sizes, [10, 6]);
}

#[tokio::test]
async fn cancelling_keeps_what_was_said_and_done() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::partial(["First."]).then_calls([CALL, ("hang", r#"{"path":"b"}"#)]));
    let hang = Played::new("hang", Behaviour::Hang(Notify::new()));
    let agent = agent(settings(&fake), &say()).with_tool(Arc::clone(&hang) as Arc<dyn Tool>);
    let turn = turn("go");
    let cancel = turn.cancel.clone();
    let ears = Ears::default();
    let stop = async {
        let Behaviour::Hang(running) = &hang.behaviour else { return };
        running.notified().await;
        cancel.cancel();
    };
    let (outcome, ()) = join!(agent.run_turn(turn, &ears), stop);
    assert_eq!((outcome.ending, outcome.reply.as_str()), (Ending::Interrupted, ""));
    let contents: Vec<&str> = outcome.history.iter().map(|it| it.content.as_str()).collect();
    let interrupted = "Error: Task interrupted before this tool finished.";
    assert_eq!(contents, ["go", "First.", "seen a 1", interrupted]);
}

#[tokio::test]
async fn a_turn_goes_on_after_its_last_checkpoint() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::tool_calls([CALL]));
    fake.push(FakeReply::tool_calls([CALL]));
    fake.push(FakeReply::partial(["Half"]).then(Step::Cut));
    let tool = say();
    let agent = agent(settings(&fake), &tool);
    let (_, ears) = run(&agent, turn("hello")).await;
    let checkpoints = ears.checkpoints();
    assert_eq!(checkpoints.iter().map(Vec::len).collect::<Vec<_>>(), [2, 4]);
    fake.push(FakeReply::text("Whole"));
    let ears = Ears::default();
    let done = checkpoints[1].clone();
    let outcome = agent.resume_turn(turn("hello"), done, &ears).await;
    assert_eq!((outcome.reply.as_str(), tool.calls()), ("Whole", 2));
    assert_eq!(fake.last_request().tool_results().len(), 2);
    assert_eq!(outcome.history.len(), 6);
}

#[tokio::test]
async fn a_failure_after_a_round_is_told_in_a_segment_of_its_own() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::partial(["Looking."]).then_calls([CALL]));
    fake.push(FakeReply::status(401, ""));
    let (outcome, _) = run(&agent(settings(&fake), &say()), turn("hello")).await;
    assert_eq!(outcome.ending, Ending::Failed);
    assert!(outcome.reply.contains("did not accept the API key"), "{}", outcome.reply);
    assert_eq!(outcome.history.len(), 3, "what the tool did is remembered");
}
