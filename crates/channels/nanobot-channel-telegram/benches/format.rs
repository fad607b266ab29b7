//! What it costs to make messages of Markdown: `cargo bench -p nanobot-channel-telegram`.

use divan::Bencher;
use divan::counter::BytesCount;

/// What the library keeps to itself.
#[path = "../src"]
mod library {
    #[expect(dead_code, unused_imports, reason = "the library and its tests use more of it")]
    pub(crate) mod format;
}

use library::format;

fn main() {
    divan::main();
}

/// A text of at least so many bytes with all that Telegram can show.
fn markdown(bytes: usize) -> String {
    let section = "## Steps\n\nOpen **the door** and _wait_, see [the map](https://example.org/map).\n\n\
        1. Take `a key`\n2. Turn it\n   - slowly\n   - ~~twice~~ once\n\n\
        ```rust\nfn main() {\n    println!(\"<b> & more\");\n}\n```\n\n\
        | door | key |\n|---|---|\n| front | brass |\n| back | iron |\n\n\
        > Keep it shut.\n\n";
    section.repeat(bytes.div_ceil(section.len()))
}

/// A whole answer, in as many messages as it needs.
#[divan::bench(args = [400, 4_000, 40_000])]
fn render(bencher: Bencher, bytes: usize) {
    let text = markdown(bytes);
    bencher.counter(BytesCount::new(text.len())).bench(|| format::render(&text));
}

/// Text without any markup.
#[divan::bench(args = [400, 4_000, 40_000])]
fn render_plain(bencher: Bencher, bytes: usize) {
    let text = "The quick brown fox jumps over lazy dogs. ".repeat(bytes.div_ceil(42));
    bencher.counter(BytesCount::new(text.len())).bench(|| format::render(&text));
}

/// One step of a streamed answer, cut anywhere: marks are closed, then all is made again.
#[divan::bench(args = [400, 4_000])]
fn render_unfinished(bencher: Bencher, bytes: usize) {
    let mut text = markdown(bytes);
    text.truncate(bytes);
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| format::render(&nanobot_channel_kit::close_open_marks(&text)));
}
