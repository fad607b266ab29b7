mod account;

use std::time::{Duration, Instant};

use nanobot_test_support::{FakeModel, FakeTelegram};
use serde_json::json;

use crate::gateway::Gateway;
use crate::run::{Plan, kill};
pub(crate) use account::Account;
use account::Questions;

/// How long the last gateway may take to finish what the others left.
const LAST_WAIT: Duration = Duration::from_secs(120);
/// Messages of one chat that may wait for their answers.
const WINDOW: usize = 4;

/// Kills a gateway with Telegram while people write, and accounts for what they see at the end.
pub(crate) async fn run(plan: Plan, is_isolated: bool) -> Account {
    let started = Instant::now();
    let (model, telegram) = (FakeModel::start().await, FakeTelegram::start().await);
    let section = json!({
        "enabled": true, "token": telegram.token(), "apiBase": telegram.api_base(),
        "allowFrom": ["*"], "streaming": plan.seed % 2 == 1, "streamEditInterval": 0.01,
    });
    let mut gateway = Gateway::start_with_telegram(&model.base_url(), &section, is_isolated);
    let mut questions = Questions::new(plan.chats);
    questions.ask(&telegram, WINDOW);
    // The first kills are to hit something.
    telegram.wait_for_calls("sendMessage", 1).await;
    let kills = kill(&mut gateway, plan, is_isolated, || {
        questions.ask(&telegram, WINDOW);
    })
    .await;
    // These the last gateway has to answer, so that it is known to have started.
    questions.ask(&telegram, usize::MAX);
    let is_finished = telegram
        .wait_until_within(LAST_WAIT, |it| it.pending_updates() == 0 && questions.are_answered(it))
        .await;
    let mut account = Account::of(&questions, &telegram, kills);
    if !is_finished || !account.is_good() {
        account.evidence = gateway.log();
    }
    if account.is_good() {
        (account.left_over, account.evidence) = gateway.end().await;
    }
    account.took = started.elapsed();
    account
}
