use super::super::render;

#[track_caller]
fn check(markdown: &str, html: &str) {
    let parts: Vec<String> = render(markdown).into_iter().map(|part| part.html).collect();
    assert_eq!(parts, [html]);
}

#[test]
fn inline_marks_become_tags() {
    check("**b** *i* ~~s~~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>");
    check("***both***", "<b><i>both</i></b>");
    check("**a `c` b**", "<b>a </b><code>c</code><b> b</b>");
    check("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d");
}

#[test]
fn links_that_telegram_opens_are_links() {
    check("[a](https://x.y/?a=1&b=2)", "<a href=\"https://x.y/?a=1&amp;b=2\">a</a>");
    check("[guide](docs/a.md)", "guide (docs/a.md)");
    check("[`code`](https://x.y)", "<a href=\"https://x.y\">code</a>");
    check("![cat](https://x.y/c.png)", "<a href=\"https://x.y/c.png\">cat</a>");
}

#[test]
fn blocks_stand_apart() {
    check("# Title\nText\nnext\n\n---\nEnd", "<b>Title</b>\n\nText\nnext\n\n———\n\nEnd");
}

#[test]
fn lists_keep_their_levels_and_numbers() {
    check("- a\n- b\n  - c\n- d", "• a\n• b\n  • c\n• d");
    check("3. a\n4. b", "3. a\n4. b");
    check("- [x] done\n- [ ] open", "☑ done\n☐ open");
    check("1. a\n\n   more\n2. b", "1. a\n\nmore\n\n2. b");
}

#[test]
fn code_blocks_keep_their_language_and_blank_lines() {
    check(
        "```rust\nlet a = 1 < 2;\n\nb\n```",
        "<pre><code class=\"language-rust\">let a = 1 &lt; 2;\n\nb</code></pre>",
    );
    check("```\"><b>\nx\n```", "<pre>x</pre>");
    check("- a\n  ```\n  x\n  ```", "• a\n\n<pre>x</pre>");
    check("```\na\n```\n```\nb\n```", "<pre>a</pre>\n\n<pre>b</pre>");
}

#[test]
fn unfinished_code_block_is_a_code_block() {
    check("see\n```py\nprint(", "see\n\n<pre><code class=\"language-py\">print(</code></pre>");
}

#[test]
fn quotations_are_never_nested() {
    check("> a\n> > b\n\nc", "<blockquote>a\n\nb</blockquote>\n\nc");
}

#[test]
fn tables_are_preformatted() {
    check("| A | B |\n|---|---|\n| 1 | `x` |", "<pre>A │ B\n──┼──\n1 │ x</pre>");
}

#[test]
fn table_that_no_phone_shows_is_told_row_by_row() {
    check(
        "| Day | Task | Done |\n|---|---|---|\n| Monday | Look at `main.rs` and fix what is slow | ✅ |\n| Tuesday | Rest | |",
        "<b>Monday</b>\n• Task: Look at main.rs and fix what is slow\n• Done: ✅\n\n<b>Tuesday</b>\n• Task: Rest",
    );
}

#[test]
fn html_of_the_writer_is_shown_as_text() {
    check("a <b>x</b><br>b", "a &lt;b&gt;x&lt;/b&gt;\nb");
    check("<div>\nx\n</div>", "&lt;div&gt;\nx\n&lt;/div&gt;");
}

#[test]
fn markdown_that_shows_nothing_is_shown_as_it_is() {
    check("[a]: https://x.y", "[a]: https://x.y");
    assert!(render(" \n").is_empty());
}
