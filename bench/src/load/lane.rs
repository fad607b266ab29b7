use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::{sleep_until, timeout};

use super::{Pace, Plan, RUN, Tally, new_chat};
use crate::http::Connection;
use crate::marker;

/// How long a message may take to be accepted.
const PATIENCE: Duration = Duration::from_secs(60);

/// One person who writes.
pub(super) struct Lane {
    index: usize,
    plan: Plan,
    tally: Arc<Tally>,
    began: Instant,
    connection: Connection,
    sent: u64,
    chat: u64,
}

impl Lane {
    pub(super) fn new(
        index: usize,
        webhook: SocketAddr,
        plan: Plan,
        tally: Arc<Tally>,
        began: Instant,
    ) -> Self {
        let (connection, chat) = (Connection::to(webhook), new_chat());
        Self { index, plan, tally, began, connection, sent: 0, chat }
    }

    pub(super) async fn write(mut self) {
        let Plan { lanes, amount, .. } = self.plan;
        while amount.has_more(self.index, lanes, self.sent, self.began.elapsed()) {
            if self.sent > 0 && self.sent.is_multiple_of(self.plan.messages_per_chat) {
                self.chat = new_chat();
            }
            self.send().await;
            self.sent += 1;
        }
    }

    async fn send(&mut self) {
        let due = self.due().await;
        let (number, answered) = self.tally.send(self.chat, due);
        match self.post(number).await {
            Ok(200) => self.tally.accept(number),
            Ok(status) => return self.tally.refuse(number, status.to_string()),
            Err(error) => return self.tally.refuse(number, format!("{error:#}")),
        }
        if self.plan.pace == Pace::AfterAnswer {
            // Without an answer it is lost, which the tally knows.
            let _ = timeout(self.plan.patience, answered).await;
        }
    }

    /// Waits for the time of the next message.
    async fn due(&self) -> Instant {
        let Pace::PerSecond(rate) = self.plan.pace else {
            return Instant::now();
        };
        let lanes = self.plan.lanes as f64;
        let turn = self.sent as f64 + self.index as f64 / lanes;
        let due = self.began + Duration::from_secs_f64(turn * lanes / rate);
        sleep_until(due.into()).await;
        due
    }

    async fn post(&mut self, number: u64) -> anyhow::Result<u16> {
        let (run, chat, mark) = (*RUN, self.chat, marker::of(number));
        let body = format!(
            r#"{{"sender":"ada","chat_id":"chat-{run}-{chat}","event_id":"bench-{run}-{number}","text":"Please answer message {mark}."}}"#
        );
        timeout(PATIENCE, exchange(&mut self.connection, body.into())).await?
    }
}

async fn exchange(connection: &mut Connection, body: Bytes) -> anyhow::Result<u16> {
    let answer = connection.post("/message", body).await?;
    let status = answer.status().as_u16();
    answer.into_body().collect().await?;
    Ok(status)
}
