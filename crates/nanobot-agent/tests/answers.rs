//! Turns that end well, against a fake model over real HTTP.

mod support;

use nanobot_agent::{Agent, Ending, Message, Role, Usage};
use nanobot_test_support::{FakeModel, FakeReply, Step};
use serde_json::json;
use support::{ask, run, settings, turn, turn_after};
use tokio::join;

#[tokio::test]
async fn the_answer_is_streamed_and_becomes_history() {
    let fake = FakeModel::start().await;
    fake.push(
        FakeReply::partial(["Good ", "morning"])
            .then(Step::End { input_tokens: 7, output_tokens: 3 }),
    );
    let (outcome, ears) = ask(&fake, "hello").await;
    assert_eq!(outcome.reply, "Good morning");
    assert_eq!(ears.pieces(), ["Good ", "morning"]);
    assert_eq!(outcome.ending, Ending::Complete);
    assert_eq!(outcome.usage, Usage { input_tokens: 7, cached_tokens: 0, output_tokens: 3 });
    let history: Vec<_> =
        outcome.history.iter().map(|entry| (entry.role, entry.content.as_str())).collect();
    assert_eq!(history, [(Role::User, "hello"), (Role::Assistant, "Good morning")]);
}

#[tokio::test]
async fn the_request_carries_the_moment_and_the_history_without_it() {
    let fake = FakeModel::start().await;
    let history = vec![Message::now(Role::User, "one"), Message::now(Role::Assistant, "two")];
    let (outcome, _) = run(&Agent::new(settings(&fake)), turn_after(history, "three")).await;
    assert_eq!(outcome.reply, "three");
    let request = fake.last_request();
    let messages = request.messages();
    assert_eq!(messages[1..3], [("user", "one"), ("assistant", "two")]);
    let (role, text) = messages[3];
    assert_eq!(role, "user");
    assert!(text.starts_with("[Runtime Context"), "{text}");
    assert!(text.ends_with("Channel: test\nChat ID: 1\nSender: Ann (id 42)\n\nthree"), "{text}");
    assert_eq!(request.body["stream_options"]["include_usage"], true);
    assert_eq!(request.body["max_tokens"], 8192);
}

#[tokio::test]
async fn a_question_that_got_no_answer_is_joined_with_the_next_one() {
    let fake = FakeModel::start().await;
    let history = vec![Message::now(Role::User, "unanswered")];
    let (outcome, _) = run(&Agent::new(settings(&fake)), turn_after(history, "again")).await;
    assert_eq!(outcome.ending, Ending::Complete);
    let request = fake.last_request();
    assert_eq!(request.messages().len(), 2);
    assert!(request.messages()[1].1.starts_with("unanswered\n\n[Runtime Context"));
}

#[tokio::test]
async fn old_turns_are_left_out_when_the_window_is_full() {
    let fake = FakeModel::start().await;
    let mut settings = settings(&fake);
    settings.context_window_tokens = 4_000;
    settings.model.max_tokens = 1_000;
    let long = "x".repeat(6_000);
    let history = vec![
        Message::now(Role::User, long.clone()),
        Message::now(Role::Assistant, long),
        Message::now(Role::User, "recent"),
        Message::now(Role::Assistant, "answer"),
    ];
    run(&Agent::new(settings), turn_after(history, "now")).await;
    let request = fake.last_request();
    let said: Vec<&str> = request.messages()[1..3].iter().map(|(_, text)| *text).collect();
    assert_eq!(said, ["recent", "answer"]);
}

#[tokio::test]
async fn the_files_of_the_workspace_are_the_instructions() {
    let fake = FakeModel::start().await;
    let workspace = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(workspace.path().join("SOUL.md"), "You love rhymes.")
        .expect("the file is written");
    let mut settings = settings(&fake);
    settings.workspace = workspace.path().to_owned();
    run(&Agent::new(settings), turn("hello")).await;
    let request = fake.last_request();
    let (role, system) = request.messages()[0];
    assert_eq!(role, "system");
    assert!(system.contains("You love rhymes."), "{system}");
}

#[tokio::test]
async fn reasoning_and_thinking_are_not_shown() {
    let fake = FakeModel::start().await;
    let steps = vec![
        Step::Reasoning("secret plan".to_owned()),
        Step::Text("<thi".to_owned()),
        Step::Text("nk>hmm</th".to_owned()),
        Step::Text("ink>\n\nThe answer".to_owned()),
        Step::Text(" is <thing>.".to_owned()),
        Step::End { input_tokens: 1, output_tokens: 1 },
    ];
    fake.push(FakeReply::Stream(steps));
    let (outcome, _) = ask(&fake, "why").await;
    assert_eq!(outcome.reply, "The answer is <thing>.");
    assert_eq!(outcome.history[1].content, "The answer is <thing>.");
}

#[tokio::test]
async fn a_blank_answer_is_asked_for_once_more_in_silence() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::pieces(["<think>nothing to say</think>", " \n"]));
    fake.push(FakeReply::text("Now I know"));
    let (outcome, ears) = ask(&fake, "well").await;
    assert_eq!(outcome.reply, "Now I know");
    assert_eq!(outcome.usage, Usage { input_tokens: 2, cached_tokens: 0, output_tokens: 2 });
    assert!(ears.progress().is_empty());
}

#[tokio::test]
async fn two_blank_answers_are_said_to_the_person() {
    let fake = FakeModel::start().await;
    fake.set_default(FakeReply::blank());
    let (outcome, _) = ask(&fake, "well").await;
    assert_eq!(outcome.ending, Ending::Failed);
    assert!(
        outcome.reply.starts_with("The model ended its turn without a word"),
        "{}",
        outcome.reply
    );
    assert_eq!(outcome.history.len(), 1);
    assert_eq!(fake.request_count(), 2);
}

#[tokio::test]
async fn comments_other_fields_and_line_ends_are_understood() {
    let fake = FakeModel::start().await;
    // Comments, other fields, another line end, and no end marker after the finish reason.
    let events = ": keep-alive\r\n\r\nevent: message\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"Hi ä\"}}]}\r\n\r\n\
                  data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
    fake.push(FakeReply::raw(events));
    assert_eq!(ask(&fake, "hello").await.0.reply, "Hi ä");
}

#[tokio::test]
async fn an_answer_in_one_document_is_understood() {
    let fake = FakeModel::start().await;
    let document = json!({
        "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 2},
    });
    fake.push(FakeReply::status(200, &document.to_string()));
    let (outcome, _) = ask(&fake, "hello").await;
    assert_eq!(outcome.reply, "Hi");
    assert_eq!(outcome.usage, Usage { input_tokens: 4, cached_tokens: 0, output_tokens: 2 });
}

#[tokio::test]
async fn a_turn_can_run_in_a_task_of_its_own() {
    let fake = FakeModel::start().await;
    let agent = Agent::new(settings(&fake));
    let task = tokio::spawn(async move { run(&agent, turn("hello")).await.0.reply });
    assert_eq!(task.await.expect("the turn does not panic"), "hello");
}

#[tokio::test]
async fn letters_cut_between_packets_are_put_together() {
    let fake = FakeModel::start().await;
    let event = "data: {\"choices\":[{\"delta\":{\"content\":\"Grüße €\"},\"finish_reason\":\"stop\"}]}\n\n";
    let pieces = event.as_bytes().chunks(1).map(|byte| Step::Raw(byte.to_vec().into()));
    fake.push(FakeReply::Stream(pieces.collect()));
    assert_eq!(ask(&fake, "hello").await.0.reply, "Grüße €");
}

#[tokio::test]
async fn cancelling_ends_the_turn_with_what_was_said() {
    let fake = FakeModel::start().await;
    fake.push(FakeReply::partial(["One ", "two "]).then(Step::Stall));
    let agent = Agent::new(settings(&fake));
    let turn = turn("count");
    let cancel = turn.cancel.clone();
    let ears = support::Ears::default();
    let stop = async {
        ears.wait_for_pieces(2).await;
        cancel.cancel();
    };
    let (outcome, ()) = join!(agent.run_turn(turn, &ears), stop);
    assert_eq!(outcome.ending, Ending::Interrupted);
    assert_eq!(outcome.reply, "One two ");
    assert_eq!(outcome.history[1].content, "One two ");
}

#[tokio::test]
async fn cancelling_ends_a_wait_between_tries() {
    let fake = FakeModel::start().await;
    fake.set_default(FakeReply::status(503, ""));
    let mut settings = settings(&fake);
    settings.model.retry_step = std::time::Duration::from_secs(3_600);
    let agent = Agent::new(settings);
    let turn = turn("hello");
    let cancel = turn.cancel.clone();
    let ears = support::Ears::default();
    let stop = async {
        fake.wait_for_requests(1).await;
        cancel.cancel();
    };
    let (outcome, ()) = join!(agent.run_turn(turn, &ears), stop);
    assert_eq!((outcome.ending, outcome.reply.as_str()), (Ending::Interrupted, ""));
    assert_eq!(outcome.history.len(), 1);
}

#[tokio::test]
async fn turns_of_one_agent_do_not_mix() {
    let fake = FakeModel::start().await;
    let agent = Agent::new(settings(&fake));
    let texts: Vec<String> = (0..20).map(|number| format!("message number {number}")).collect();
    let runs = texts.iter().map(|text| run(&agent, turn(text)));
    let outcomes = futures_util::future::join_all(runs).await;
    let replies: Vec<String> = outcomes.into_iter().map(|(outcome, _)| outcome.reply).collect();
    assert_eq!(replies, texts);
}

#[tokio::test]
async fn a_picture_is_sent_and_left_out_when_the_model_refuses_it() {
    let fake = FakeModel::start().await;
    let folder = tempfile::tempdir().expect("a temporary directory");
    let picture = folder.path().join("cat.gif");
    std::fs::write(&picture, b"GIF89a").expect("the file is written");
    fake.push(FakeReply::status(400, r#"{"error":{"message":"no image input"}}"#));
    fake.push(FakeReply::text("I cannot see"));
    let mut turn = turn("look");
    turn.attachments = vec![picture.display().to_string()];
    let (outcome, _) = run(&Agent::new(settings(&fake)), turn).await;
    assert_eq!(outcome.reply, "I cannot see");
    let requests = fake.requests();
    let content = |index: usize| &requests[index].body["messages"][1]["content"];
    assert_eq!(content(0)[0]["image_url"]["url"], "data:image/gif;base64,R0lGODlh");
    let text = content(1).as_str().expect("only text is left");
    assert!(text.ends_with(&format!("look\n[image: {}]", picture.display())), "{text}");
    assert_eq!(outcome.history[0].content, format!("look\n[image: {}]", picture.display()));
}

#[tokio::test]
async fn an_answer_that_was_stopped_says_why_and_cached_tokens_are_told_apart() {
    let fake = FakeModel::start().await;
    let end = |reason: &str| {
        let finish = json!({"index": 0, "delta": {}, "finish_reason": reason});
        let usage = json!({
            "prompt_tokens": 9, "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 8},
        });
        Step::Event(json!({"choices": [finish], "usage": usage}))
    };
    fake.push(FakeReply::partial(["Half an ans"]).then(end("length")));
    let (outcome, _) = ask(&fake, "hello").await;
    assert!(outcome.reply.starts_with("Half an ans\n\nThe answer ends here"), "{}", outcome.reply);
    let expected = Usage { input_tokens: 9, cached_tokens: 8, output_tokens: 2 };
    assert_eq!((outcome.usage, outcome.ending), (expected, Ending::Failed));
    fake.push(FakeReply::partial([]).then(end("content_filter")));
    let (outcome, _) = ask(&fake, "hello").await;
    assert!(outcome.reply.starts_with("The model declined"), "{}", outcome.reply);
    let refusal = json!({"choices": [{"index": 0, "delta": {"refusal": "I must not."}}]});
    fake.push(FakeReply::Stream(vec![Step::Event(refusal), end("stop")]));
    assert_eq!(ask(&fake, "hello").await.0.reply, "I must not.");
}
