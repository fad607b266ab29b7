use crate::steps::{END, PERSON, bench_with_chat, step};

/// What a model writes: headings, lists, a table, code longer than a message, emoji, links.
fn long_answer() -> String {
    let code: String =
        (0..260).map(|line| format!("    let x{line} = &a[{line}] < 10; // 😀\n")).collect();
    format!(
        "# Report 📈\n\nHere is **what I found** in [the docs](https://example.org/?a=1&b=2):\n\n\
         - first, *important*\n- second with `code`\n  1. nested\n  2. more\n\n\
         | Name | Größe | OK |\n|---|---:|---|\n| Ada | 12 | ✅ |\n| 日本 | 3 | ❌ |\n\n\
         ```rust\nfn main() {{\n{code}}}\n```\n\n> Quoted **words**\n> over two lines\n\n\
         ---\n\nFamily 👩‍👩‍👧 & flags 🇩🇪🇫🇷, done ~~not~~.\n"
    )
}

#[tokio::test]
async fn long_streamed_answer_looks_as_a_person_would_want_it() {
    let (bench, running) = bench_with_chat().await;
    let answer = long_answer();
    let mut end = 0;
    while end < answer.len() {
        end = (end + 97..).find(|end| answer.is_char_boundary((*end).min(answer.len()))).unwrap();
        end = end.min(answer.len());
        step(&running, "d", &answer[..end], None).await.unwrap();
    }
    step(&running, "d", &answer, Some(END)).await.unwrap();

    let shown = bench.fake.shown(PERSON);
    for message in &shown {
        println!("──── message {}\n{}", message.message_id, message.text);
    }
    assert!(shown.len() >= 3);
    let first = &shown[0];
    assert!(first.text.starts_with(
        "Report 📈\n\nHere is what I found in the docs:\n\n• first, important\n• second with code\n\
         \u{20}\u{20}1. nested\n  2. more\n\nName │ Größe │ OK\n─────┼───────┼───\n\
         Ada  │ 12    │ ✅\n日本 │ 3     │ ❌\n\nfn main() {\n    let x0 = &a[0] < 10; // 😀\n"
    ));
    let looks = |index: usize| -> Vec<(&str, Option<&str>)> {
        let entities = &shown[index].entities;
        entities.iter().map(|entity| (entity.kind.as_str(), entity.detail.as_deref())).collect()
    };
    assert_eq!(
        looks(0),
        [
            ("bold", None),
            ("bold", None),
            ("text_link", Some("https://example.org/?a=1&b=2")),
            ("italic", None),
            ("code", None),
            ("pre", None),
            ("pre", Some("rust")),
        ]
    );
    // The code goes on in the next message, as code of the same language, at the start of a line.
    assert_eq!(looks(1), [("pre", Some("rust"))]);
    assert!(shown[1].text.starts_with("    let x"));
    let last = shown.last().unwrap();
    assert!(last.text.ends_with(
        "}\n\nQuoted words\nover two lines\n\n———\n\nFamily 👩‍👩‍👧 & flags 🇩🇪🇫🇷, done not."
    ));
    let code: String = shown
        .iter()
        .flat_map(|message| &message.entities)
        .filter(|entity| entity.detail.as_deref() == Some("rust"))
        .map(|entity| format!("{}\n", entity.text))
        .collect();
    let source = answer.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(code, source);
    running.stop().await;
}
