use super::super::render;

#[track_caller]
fn check(markdown: &str, expected: &str) {
    assert_eq!(render(markdown), [expected]);
}

#[test]
fn inline_marks_are_those_of_discord() {
    check("__b__ _i_ ~~s~~ `c`", "**b** *i* ~~s~~ `c`");
    check("***both***", "**_both_**");
    check("**a `c` b**", "**a `c` b**");
    check("2 * 3 and a_b", r"2 \* 3 and a\_b");
    check("``a`b``", "`` a`b ``");
    check("```` a ```b ````", "`` a `\u{200B}``b ``");
}

#[test]
fn links_that_discord_opens_are_links() {
    check("[a](https://x.y/?a=1)", "[a](https://x.y/?a=1)");
    check("[a](https://x.y/b_(c))", "[a](<https://x.y/b_(c)>)");
    check("[a](mailto:b@c.d)", "a (mailto:b@c.d)");
    check("<https://x.y/a_b>", "https://x.y/a_b");
    check("![cat](https://x.y/cat.png)", "[cat](https://x.y/cat.png)");
}

#[test]
fn blocks_stand_apart() {
    check("one\n\ntwo\nthree", "one\n\ntwo\nthree");
    check("# Title\n\ntext\n\n##### Small\n\nmore", "# Title\ntext\n\n**Small**\nmore");
    check("> a\n> b\n\nc", "> a\n> b\n\nc");
    check("a\n\n---\n\nb", "a\n\n———\n\nb");
}

#[test]
fn lists_are_lists() {
    check("- a\n- b\n  - c\n    1. d\n\ntext", "- a\n- b\n  - c\n    1. d\n\ntext");
    check("3. a\n4. b", "3. a\n4. b");
    check("- [x] done\n- [ ] open", "- ☑ done\n- ☐ open");
    check("1. a\n\n   b\n2. c", "1. a\n\n  b\n2. c");
}

#[test]
fn code_blocks_keep_language_and_text() {
    check("```rust\nlet a = *b;\n\nok\n```", "```rust\nlet a = *b;\n\nok\n```");
    check("text\n```\na\n```\nmore", "text\n\n```\na\n```\n\nmore");
    check("~~~\n```\n~~~", "```\n`\u{200B}``\n```");
    check("> ```\n> a\n> ```", "> ```\n> a\n> ```");
}

#[test]
fn narrow_table_is_aligned_and_a_wide_one_is_a_list() {
    check("| A | B |\n|---|---|\n| 1 | 22 |", "```\nA │ B\n──┼───\n1 │ 22\n```");
    let long = "word ".repeat(14);
    let wide = format!("| Name | Text |\n|---|---|\n| x | {long} |\n| y | z |");
    let expected =
        format!("- **Name**: x · **Text**: {}\n- **Name**: y · **Text**: z", long.trim());
    check(&wide, &expected);
}

#[test]
fn html_is_shown_as_it_is() {
    check("a<br>b", "a\nb");
    check("<b>x</b>", "<b>x</b>");
}

#[test]
fn what_shows_nothing_is_shown_as_source_or_not_at_all() {
    check("[a]: https://x.y", "[a]: https://x.y");
    assert!(render(" \n ").is_empty());
}
