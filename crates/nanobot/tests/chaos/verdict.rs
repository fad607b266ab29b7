use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

use crate::book::{Pages, Reply};
use crate::gateway::Gateway;

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Kills {
    pub(crate) gateway: u64,
    pub(crate) plugin: u64,
    /// Of the gateway, within the first moments of its start.
    pub(crate) early: u64,
}

/// What became of the messages.
pub(crate) struct Verdict {
    kills: Kills,
    accepted: usize,
    resent: usize,
    recognised: usize,
    unfinished: usize,
    lost: Vec<String>,
    /// Answered by two different deliveries.
    answered_twice: Vec<String>,
    out_of_order: Vec<String>,
    /// Replies that came again with the mark, after a post that was answered.
    marked_after_answer: usize,
    /// The same, after a post whose connection was cut.
    marked_after_cut: usize,
    /// Replies that came again without the mark.
    unmarked: Vec<String>,
    /// What the ledger holds after all is answered.
    pub(crate) left_over: Vec<String>,
    pub(crate) evidence: String,
    pub(crate) took: Duration,
}

impl Verdict {
    pub(crate) fn of(pages: &Pages, kills: Kills) -> Self {
        let mut verdict = Self {
            kills,
            accepted: pages.accepted.values().map(Vec::len).sum(),
            resent: pages.resent,
            recognised: pages.recognised,
            unfinished: pages.unfinished,
            lost: pages.missing(),
            answered_twice: Vec::new(),
            out_of_order: Vec::new(),
            marked_after_answer: 0,
            marked_after_cut: 0,
            unmarked: Vec::new(),
            left_over: Vec::new(),
            evidence: String::new(),
            took: Duration::ZERO,
        };
        verdict.count_repeats(&pages.replies);
        for (chat, accepted) in &pages.accepted {
            verdict.check_order(accepted, pages.of_chat(chat));
        }
        verdict
    }

    pub(crate) fn is_good(&self) -> bool {
        let bad =
            [&self.lost, &self.answered_twice, &self.out_of_order, &self.unmarked, &self.left_over];
        bad.iter().all(|list| list.is_empty())
    }

    fn count_repeats(&mut self, replies: &[Reply]) {
        let mut seen: HashMap<&str, &Reply> = HashMap::new();
        let mut keys: HashMap<&str, &str> = HashMap::new();
        for reply in replies {
            let key = keys.entry(&reply.message).or_insert(&reply.key);
            if *key != reply.key {
                self.answered_twice.push(reply.message.clone());
            }
            match seen.insert(&reply.key, reply) {
                None => {}
                Some(_) if !reply.is_marked => self.unmarked.push(reply.message.clone()),
                Some(earlier) if earlier.is_answered => self.marked_after_answer += 1,
                Some(_) => self.marked_after_cut += 1,
            }
        }
    }

    /// First replies must come in the order in which the messages were accepted.
    fn check_order<'a>(&mut self, accepted: &[String], replies: impl Iterator<Item = &'a Reply>) {
        let mut seen = HashSet::new();
        let firsts = replies.map(|reply| reply.message.as_str()).filter(|it| seen.insert(*it));
        let firsts: Vec<&str> = firsts.collect();
        let answered = accepted.iter().map(String::as_str).filter(|it| firsts.contains(it));
        let wrong = firsts.iter().zip(answered).filter(|(came, wanted)| *came != wanted);
        self.out_of_order.extend(wrong.map(|(came, _)| (*came).to_owned()));
    }

    /// Collects what the gateway knows of the messages that something is wrong with.
    pub(crate) async fn gather(&mut self, gateway: &Gateway) {
        let inbound = gateway.ask_json(&["deliveries", "--inbound", "--json"]).await;
        let outbound = gateway.ask_json(&["deliveries", "--json", "--limit", "1000"]).await;
        let wrong = [&self.lost, &self.answered_twice, &self.out_of_order, &self.unmarked];
        let mut chats: Vec<String> = wrong
            .into_iter()
            .flatten()
            .filter_map(|message| message.split_once('#'))
            .map(|(chat, _)| chat.to_owned())
            .collect();
        chats.sort_unstable();
        chats.dedup();
        for chat in chats {
            let session = format!("webhook:{chat}");
            let waiting = inbound.iter().filter(|it| it["session"] == session.as_str());
            let sent = outbound.iter().filter(|it| it["chat_id"] == chat.as_str());
            let ids = waiting.map(|it| &it["id"]).chain(sent.map(|it| &it["delivery_id"]));
            for id in ids.filter_map(|id| id.as_str()) {
                self.evidence += &gateway.ask(&["trace", id]).await;
            }
        }
        self.evidence += &gateway.log();
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kills { gateway, plugin, early } = self.kills;
        writeln!(
            f,
            "kills: {gateway} of the gateway ({early} while it started), {plugin} of the plugin"
        )?;
        writeln!(f, "time: {:.1} s", self.took.as_secs_f64())?;
        writeln!(f, "accepted: {}", self.accepted)?;
        writeln!(f, "requests sent again: {}, recognised: {}", self.resent, self.recognised)?;
        writeln!(f, "posts of unfinished replies: {}", self.unfinished)?;
        writeln!(f, "lost: {} {:?}", self.lost.len(), self.lost)?;
        writeln!(f, "out of order: {} {:?}", self.out_of_order.len(), self.out_of_order)?;
        let twice = &self.answered_twice;
        writeln!(f, "answered by two deliveries: {} {twice:?}", twice.len())?;
        writeln!(
            f,
            "repeated with the mark: {} after a post that was answered, {} after one that was cut",
            self.marked_after_answer, self.marked_after_cut
        )?;
        writeln!(f, "repeated without the mark: {} {:?}", self.unmarked.len(), self.unmarked)?;
        write!(f, "left over at the end: {} {:?}", self.left_over.len(), self.left_over)
    }
}
