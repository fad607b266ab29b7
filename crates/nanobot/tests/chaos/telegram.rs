mod account;

use std::time::{Duration, Instant};

use fastrand::Rng;
use nanobot_test_support::{FakeModel, FakeTelegram};
use serde_json::json;

use crate::gateway::Gateway;
use crate::run::{Plan, next};
use crate::verdict::Kills;
pub(crate) use account::Account;
use account::Questions;

/// How long the last gateway may take to finish what the others left.
const LAST_WAIT: Duration = Duration::from_secs(120);
/// Channel kills that one gateway sees: after more it would wait for minutes before the next start.
const CHANNEL_KILLS: usize = 3;
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
    let kills = kill(&mut gateway, &telegram, &mut questions, plan, is_isolated).await;
    // These the last gateway has to answer, so that it is known to have started.
    questions.ask(&telegram, usize::MAX);
    let is_finished = telegram
        .wait_until_within(LAST_WAIT, |it| it.pending_updates() == 0 && questions.are_answered(it))
        .await;
    let mut account = Account::of(&questions, &telegram, kills);
    if !is_finished || !account.is_good() {
        account.evidence = gateway.log();
    }
    account.check_end(&mut gateway).await;
    account.took = started.elapsed();
    account
}

async fn kill(
    gateway: &mut Gateway,
    telegram: &FakeTelegram,
    questions: &mut Questions,
    plan: Plan,
    is_isolated: bool,
) -> Kills {
    let mut rng = Rng::with_seed(plan.seed);
    let mut kills = Kills::default();
    let mut of_this_gateway = 0;
    while kills.gateway + kills.plugin < plan.kills {
        questions.ask(telegram, WINDOW);
        let blow = next(&mut rng, is_isolated && of_this_gateway < CHANNEL_KILLS);
        tokio::time::sleep(blow.after).await;
        assert!(gateway.is_running(), "the gateway ended by itself:\n{}", gateway.log());
        if !blow.hits_plugin {
            gateway.kill().await;
            kills.gateway += 1;
            kills.early += u64::from(blow.after < Duration::from_millis(30));
            of_this_gateway = 0;
        } else if gateway.kill_plugin() {
            kills.plugin += 1;
            of_this_gateway += 1;
        }
    }
    kills
}
