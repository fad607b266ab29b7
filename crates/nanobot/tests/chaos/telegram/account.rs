use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use nanobot_test_support::FakeTelegram;

use crate::verdict::Kills;

/// Messages after which a person goes on in a new chat, so that no history becomes long.
const MESSAGES_PER_CHAT: usize = 40;
/// What the channel says of a message that may be a second one.
const MARK: &str = "Sent again after an interruption:\n\n";

/// What people wrote, by chat and in order.
pub(crate) struct Questions {
    people: usize,
    written: Vec<usize>,
    by_chat: BTreeMap<i64, Vec<String>>,
}

/// What people see at the end.
pub(crate) struct Account {
    kills: Kills,
    written: usize,
    lost: Vec<String>,
    /// Answered more than once without a word.
    answered_twice: Vec<String>,
    out_of_order: Vec<String>,
    /// Answers that say that they may be second ones.
    marked: usize,
    /// Messages that were cut off and stayed so.
    unfinished: usize,
    /// What the ledger holds after all is answered.
    pub(crate) left_over: Vec<String>,
    pub(crate) evidence: String,
    pub(crate) took: Duration,
}

/// A message of the bot.
struct Shown {
    is_marked: bool,
    text: String,
}

impl Questions {
    pub(crate) fn new(people: usize) -> Self {
        Self { people, written: vec![0; people], by_chat: BTreeMap::new() }
    }

    /// Lets everybody write who does not wait for too many answers.
    pub(crate) fn ask(&mut self, telegram: &FakeTelegram, window: usize) {
        for person in 0..self.people {
            let number = self.written[person];
            let chat = i64::try_from(1_000 * (person + 1) + number / MESSAGES_PER_CHAT);
            let chat = chat.expect("numbers of chats are small");
            let asked = self.by_chat.entry(chat).or_default();
            let seen = shown(telegram, chat);
            let is_open = |question: &&String| !seen.iter().any(|it| it.text == **question);
            if asked.iter().filter(is_open).count() < window {
                let text = format!("<<{person}#{number}>> and then some more words");
                telegram.person_writes(chat, &text);
                asked.push(text);
                self.written[person] += 1;
            }
        }
    }

    pub(crate) fn are_answered(&self, telegram: &FakeTelegram) -> bool {
        self.by_chat.iter().all(|(chat, asked)| {
            let seen = shown(telegram, *chat);
            asked.iter().all(|question| seen.iter().any(|it| it.text == *question))
        })
    }
}

/// What a chat shows, in the order of the messages. The model repeats each question.
fn shown(telegram: &FakeTelegram, chat: i64) -> Vec<Shown> {
    let messages = telegram.shown(chat).into_iter();
    let shown = messages.map(|message| match message.text.strip_prefix(MARK) {
        Some(text) => Shown { is_marked: true, text: text.to_owned() },
        None => Shown { is_marked: false, text: message.text },
    });
    shown.collect()
}

impl Account {
    pub(crate) fn of(questions: &Questions, telegram: &FakeTelegram, kills: Kills) -> Self {
        let mut account = Self {
            kills,
            written: questions.by_chat.values().map(Vec::len).sum(),
            lost: Vec::new(),
            answered_twice: Vec::new(),
            out_of_order: Vec::new(),
            marked: 0,
            unfinished: 0,
            left_over: Vec::new(),
            evidence: String::new(),
            took: Duration::ZERO,
        };
        for (chat, asked) in &questions.by_chat {
            account.count(asked, &shown(telegram, *chat));
        }
        account
    }

    fn count(&mut self, asked: &[String], shown: &[Shown]) {
        for question in asked {
            let copies = || shown.iter().filter(|it| it.text == *question);
            if copies().next().is_none() {
                self.lost.push(question.clone());
            }
            if copies().filter(|it| !it.is_marked).count() > 1 {
                self.answered_twice.push(question.clone());
            }
        }
        self.marked += shown.iter().filter(|it| it.is_marked).count();
        self.unfinished += shown.iter().filter(|it| !asked.contains(&it.text)).count();
        // The first whole answers must come in the order of the questions.
        let mut first: Vec<&String> = Vec::new();
        for it in shown.iter().filter(|it| asked.contains(&it.text)) {
            if !first.contains(&&it.text) {
                first.push(&it.text);
            }
        }
        let answered = asked.iter().filter(|question| first.contains(question));
        let wrong = first.iter().zip(answered).filter(|(came, wanted)| **came != *wanted);
        self.out_of_order.extend(wrong.map(|(came, _)| (*came).clone()));
    }

    pub(crate) fn is_good(&self) -> bool {
        let bad = [&self.lost, &self.answered_twice, &self.out_of_order, &self.left_over];
        bad.iter().all(|list| list.is_empty())
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kills { gateway, plugin, early } = self.kills;
        writeln!(
            f,
            "kills: {gateway} of the gateway ({early} while it started), {plugin} of the channel"
        )?;
        writeln!(f, "time: {:.1} s", self.took.as_secs_f64())?;
        writeln!(f, "written: {}", self.written)?;
        writeln!(f, "lost: {} {:?}", self.lost.len(), self.lost)?;
        writeln!(f, "out of order: {} {:?}", self.out_of_order.len(), self.out_of_order)?;
        let twice = &self.answered_twice;
        writeln!(f, "answered twice without the mark: {} {twice:?}", twice.len())?;
        writeln!(f, "with the mark: {}", self.marked)?;
        writeln!(f, "cut off and left so: {}", self.unfinished)?;
        write!(f, "left over at the end: {} {:?}", self.left_over.len(), self.left_over)
    }
}
