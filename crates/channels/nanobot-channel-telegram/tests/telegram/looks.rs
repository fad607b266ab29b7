//! How a long answer looks to a person. The test of its structure runs always; the page for the eye
//! is written by
//!
//! ```sh
//! TELEGRAM_PAGE=/tmp/chat.html cargo test -p nanobot-channel-telegram looks -- --ignored
//! ```

use std::fmt::Write;

use nanobot_channel::{Delta, Metadata, StreamEnd, StreamOutcome};
use nanobot_test_support::{FakeTelegram, delta, visible};

use crate::support::Bench;

const PERSON: i64 = 7;
const ANSWER: &str = include_str!("long-answer.md");
const PAGE: &str = "TELEGRAM_PAGE";
const STYLE: &str = "<meta charset=utf-8><style>
body{background:#9bb87f;font:16px/1.35 sans-serif;margin:12px}
.chat{width:460px}
.message{background:#fff;border-radius:12px;padding:8px 12px;margin:6px 0;white-space:pre-wrap;
overflow-wrap:anywhere}
pre,code{font-family:monospace;font-size:14px;background:#eef3f8;color:#0b5394}
pre{margin:2px 0;padding:6px;border-radius:6px;white-space:pre-wrap}
blockquote{margin:2px 0;padding:4px 8px;border-left:3px solid #3a8fd0;background:#eaf4fb}
</style>";
const END: StreamEnd = StreamEnd { outcome: StreamOutcome::Complete, continues: false };

/// In a chat a block begins and ends a line by itself, and in a page too, but there the line end
/// behind it counts once more.
fn blocks(html: &str) -> String {
    html.replace("</pre>\n", "</pre>").replace("</blockquote>\n", "</blockquote>")
}

/// A message as the channel wrote it, and as a person reads it.
#[derive(Debug)]
struct Seen {
    html: String,
    text: String,
}

/// What is shown after each of some steps of the stream, and at the end.
async fn streamed() -> Vec<Vec<Seen>> {
    let bench = Bench::new().await;
    bench.fake.know_chat(PERSON);
    let running = bench.start().await;
    let ends = ANSWER.char_indices().map(|(at, _)| at).skip(1).step_by(97);
    let mut seen = Vec::new();
    let mut from = 0;
    for (end, to) in ends.map(|to| (None, to)).chain([(Some(END), ANSWER.len())]) {
        let metadata = Metadata::new();
        let piece = &ANSWER[from..to];
        let step = Delta { end, piece, ..delta("d", "7", &ANSWER[..to], &metadata) };
        running.channel.send_delta(step).await.expect("the step is shown");
        from = to;
        seen.push(look(&bench.fake));
    }
    running.stop().await;
    seen
}

fn look(fake: &FakeTelegram) -> Vec<Seen> {
    let calls = fake.calls();
    let written = calls.iter().rev().filter_map(|call| call.text("text"));
    let html_of = |text: &str| {
        let is_it = |html: &&str| visible(html).is_ok_and(|(shown, _)| shown == text);
        written.clone().find(is_it).unwrap_or_default().to_owned()
    };
    let shown = fake.shown(PERSON).into_iter();
    shown.map(|it| Seen { html: html_of(&it.text), text: it.text }).collect()
}

#[tokio::test]
async fn long_answer_keeps_its_code_and_tables_whole_at_every_step() {
    let seen = streamed().await;
    for shown in &seen {
        for message in shown {
            assert!(!message.text.contains("```"), "a fence is shown: {message:#?}");
        }
    }
    let last = seen.last().expect("there is a last step");
    let code = "fn main() {\n    println!(\"1 < 2 && 3 > 2 🎉\");\n}";
    assert!(last.iter().any(|it| it.text.contains(code)), "{last:#?}");
    assert!(last.len() > 1, "the answer is long: {last:#?}");
}

#[tokio::test]
#[ignore = "writes a page to look at; see the top of this file"]
async fn page_to_look_at_is_written() {
    let seen = streamed().await;
    let mut page = String::from(STYLE);
    for step in [seen.len() / 3, seen.len() - 1] {
        let _ = write!(page, "<h2>step {step}</h2><div class=chat>");
        for message in &seen[step] {
            let _ = write!(page, "<div class=message>{}</div>", blocks(&message.html));
        }
        page.push_str("</div>");
    }
    let path = std::env::var(PAGE).unwrap_or_else(|_| panic!("{PAGE} says where to"));
    std::fs::write(path, page).expect("the page can be written");
}
