use nanobot_channel::Metadata;
use nanobot_test_support::{Mischief, outbound};

use crate::steps::{END, PERSON, answer_step, bench_with_chat, step, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process_killed_in_the_middle_of_an_edit_leaves_one_message_for_each_answer() {
    let (bench, mut running) = bench_with_chat().await;
    for cycle in 0..20 {
        let delivery = format!("d{cycle}");
        step(&running, &delivery, "Hel", None).await.unwrap();
        bench.fake.misbehave("editMessageText", Mischief::Hold);
        let edits = bench.fake.calls_of("editMessageText").len();
        tokio::select! {
            _ = step(&running, &delivery, "Hello", Some(END)) => panic!("the edit is held"),
            () = bench.fake.wait_for_calls("editMessageText", edits + 1) => {}
        }
        running.kill().await;
        running = bench.start().await;
        let answer = format!("Hello {cycle}");
        running.channel.send(outbound(&delivery, PERSON, &answer)).await.unwrap();
    }
    let expected: Vec<_> = (0..20).map(|cycle| format!("Hello {cycle}")).collect();
    assert_eq!(texts(&bench), expected);
    running.stop().await;
}

#[tokio::test]
async fn stream_after_a_crash_goes_on_in_the_same_message() {
    let (bench, running) = bench_with_chat().await;
    step(&running, "d", "Hel", None).await.unwrap();
    running.kill().await;
    let running = bench.start().await;
    step(&running, "d", "Another ans", None).await.unwrap();
    step(&running, "d", "Another answer", Some(END)).await.unwrap();
    assert_eq!(texts(&bench), ["Another answer"]);
    running.stop().await;
}

#[tokio::test]
async fn answer_that_a_crash_cut_off_goes_on_in_its_message_under_another_id() {
    let (bench, running) = bench_with_chat().await;
    let (_, question) = bench.fake.person_writes(PERSON, "Count!");
    bench.gateway.wait_for_messages(1).await;
    let asked: Metadata = [("message_id".to_owned(), question.into())].into_iter().collect();
    answer_step(&running, "first", "One, t", None, &asked).await.unwrap();
    running.kill().await;
    let running = bench.start().await;
    answer_step(&running, "second", "One, two", None, &asked).await.unwrap();
    answer_step(&running, "second", "One, two.", Some(END), &asked).await.unwrap();
    assert_eq!(texts(&bench), ["One, two."]);
    // What comes later to the same question is a message of its own.
    answer_step(&running, "third", "Three.", Some(END), &asked).await.unwrap();
    running.kill().await;
    let running = bench.start().await;
    answer_step(&running, "fourth", "Four.", Some(END), &asked).await.unwrap();
    assert_eq!(texts(&bench), ["One, two.", "Three.", "Four."]);
    running.stop().await;
}

#[tokio::test]
async fn answer_whose_first_words_may_have_arrived_says_that_it_comes_again() {
    let (bench, running) = bench_with_chat().await;
    let asked: Metadata = [("message_id".to_owned(), 1.into())].into_iter().collect();
    bench.fake.misbehave("sendMessage", Mischief::CutAfter);
    answer_step(&running, "first", "One.", None, &asked).await.unwrap_err();
    running.kill().await;
    let running = bench.start().await;
    answer_step(&running, "second", "One.", Some(END), &asked).await.unwrap();
    assert_eq!(texts(&bench), ["One.", "Sent again after an interruption:\n\nOne."]);
    running.stop().await;
}
