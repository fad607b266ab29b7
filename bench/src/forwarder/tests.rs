//! The tools together: load, forwarder, model and callback address.

use std::time::Duration;

use crate::load::{self, Amount, Outcome, Pace, Plan};
use crate::model::{Manner, Model, Shape};
use crate::platform::{Behaviour, Platform};

use super::*;

const SHAPE: Shape = Shape { deltas: 7, words_per_delta: 2 };

/// What becomes of a load when the model answers in `said` and the callback address expects `SHAPE`.
async fn forward(streaming: bool, behaviour: Behaviour, said: Shape, plan: Plan) -> Outcome {
    let manner = Manner { shape: said, ..Manner::default() };
    let model = Model::start(0, manner).await.unwrap();
    let platform = Platform::start(0, behaviour, SHAPE).await.unwrap();
    let (model, callback) = (model.server.address, platform.address());
    let forwarder = start(&ForwarderArgs { port: 0, model, callback, streaming }).await.unwrap();
    load::run(forwarder.address, plan, &platform.tally).await
}

fn closed_loop() -> Plan {
    Plan { lanes: 4, amount: Amount::Messages(50), messages_per_chat: 3, ..Plan::default() }
}

#[tokio::test]
async fn each_message_is_answered_once_with_the_text_of_the_model() {
    let outcome = forward(false, Behaviour::Prompt, SHAPE, closed_loop()).await;
    assert_eq!(outcome.faults(), Vec::<String>::new());
    assert_eq!((outcome.accepted, outcome.answered, outcome.unfinished_posts), (50, 50, 0));
}

#[tokio::test]
async fn each_delta_of_a_streamed_answer_is_posted() {
    let outcome = forward(true, Behaviour::Prompt, SHAPE, closed_loop()).await;
    assert_eq!(outcome.faults(), Vec::<String>::new());
    assert_eq!((outcome.answered, outcome.unfinished_posts), (50, 50 * 7));
}

#[tokio::test]
async fn another_text_than_the_models_is_noticed() {
    let said = Shape { deltas: 6, ..SHAPE };
    let outcome = forward(false, Behaviour::Prompt, said, closed_loop()).await;
    assert_eq!(outcome.faults(), ["50 of 50 with a wrong text"]);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_counted() {
    let plan = Plan {
        pace: Pace::AfterAcceptance,
        amount: Amount::Messages(3),
        patience: Duration::from_millis(50),
        ..Plan::default()
    };
    let outcome = forward(false, Behaviour::Hanging, SHAPE, plan).await;
    assert_eq!(outcome.faults(), ["3 of 3 without an answer"]);
}

#[tokio::test]
async fn messages_that_come_at_a_rate_do_not_wait_for_answers() {
    let plan = Plan {
        lanes: 2,
        pace: Pace::PerSecond(1_000.0),
        amount: Amount::Messages(20),
        patience: Duration::from_millis(50),
        ..Plan::default()
    };
    let outcome = forward(false, Behaviour::Hanging, SHAPE, plan).await;
    assert_eq!((outcome.accepted, outcome.unanswered), (20, 20));
}

#[tokio::test]
async fn a_slow_callback_refuses_twice_and_cuts_once() {
    let slow = Behaviour::Slow(Duration::from_millis(1));
    let platform = Platform::start(0, slow, SHAPE).await.unwrap();
    let pool = Pool::to(platform.address());
    let post = async |is_final: bool| {
        let reply = json!({"chat_id": "a", "text": SHAPE.text(1), "final": is_final});
        let mut connection = pool.take();
        let answer = connection.post("/replies", reply.to_string().into()).await;
        answer.ok().map(|answer| answer.status().as_u16())
    };
    let mut seen = Vec::new();
    for is_final in [false, false, false, false, true, true] {
        seen.push(post(is_final).await);
    }
    assert_eq!(seen, [Some(200), Some(429), Some(200), Some(429), None, Some(200)]);
}
