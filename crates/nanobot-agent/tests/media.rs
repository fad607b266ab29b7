//! Attachments on their way to the model: addresses are fetched, pictures shown, documents read.

#[path = "support/documents.rs"]
mod documents;
mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use nanobot_agent::{Agent, AgentSettings, Ending};
use nanobot_test_support::FakeModel;
use support::{run, settings, turn};
use tempfile::TempDir;

const GIF: &[u8] = b"GIF89a";

/// An agent with a data folder of its own, and a server that it may reach.
struct House {
    fake: FakeModel,
    data: TempDir,
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl House {
    async fn new() -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let routes = Router::new()
            .route(
                "/a.gif",
                get(move || async move {
                    count.fetch_add(1, Ordering::Relaxed);
                    ([("content-type", "image/gif")], GIF)
                }),
            )
            .route(
                "/report",
                get(|| async {
                    ([("content-type", "application/pdf")], documents::pdf(&["Tea is green."]))
                }),
            )
            .route("/metadata", get(|| async { Redirect::to("http://169.254.169.254/latest") }))
            .route("/large", get(|| async { vec![b'x'; 21 * 1024 * 1024] }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let data = tempfile::tempdir().expect("a temporary directory");
        Self { fake: FakeModel::start().await, data, port, asked }
    }

    fn settings(&self) -> AgentSettings {
        let mut settings = settings(&self.fake).with_data_dir(self.data.path());
        settings.tools.config.ssrf_whitelist = vec!["127.0.0.1/32".to_owned()];
        settings
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.data.path().join(name);
        std::fs::write(&path, bytes).expect("the file is written");
        path.display().to_string()
    }

    /// What the model is told about these attachments, and whether it is shown a picture.
    async fn tell(&self, settings: AgentSettings, attachments: &[String]) -> (String, bool) {
        let mut turn = turn("look");
        turn.attachments = attachments.to_vec();
        let (outcome, _) = run(&Agent::new(settings), turn).await;
        assert_eq!(outcome.ending, Ending::Complete, "{}", outcome.reply);
        let request = self.fake.last_request();
        let is_shown =
            request.body["messages"].to_string().contains("data:image/gif;base64,R0lGODlh");
        (request.last_user_text().to_owned(), is_shown)
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.map(|file| file.path()).collect()
}

#[tokio::test]
async fn pictures_at_an_address_are_fetched_once_and_shown() {
    let house = House::new().await;
    for _ in 0..2 {
        let (text, is_shown) = house.tell(house.settings(), &[house.url("a.gif")]).await;
        let stored = files_in(&house.data.path().join("media/downloads"));
        assert_eq!(stored.len(), 1);
        assert_eq!(text, format!("look\n[image: {}]", stored[0].display()));
        assert!(is_shown);
    }
    assert_eq!(house.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn files_of_a_month_ago_make_room_for_new_ones() {
    let house = House::new().await;
    for folder in ["downloads", "documents"] {
        let folder = house.data.path().join("media").join(folder);
        std::fs::create_dir_all(&folder).expect("the folder is created");
        let old = std::fs::File::create(folder.join("old")).expect("the file is written");
        let month = Duration::from_secs(31 * 24 * 60 * 60);
        old.set_modified(SystemTime::now() - month).expect("the file gets older");
    }
    let mut settings = house.settings();
    settings.max_tool_result_chars = 10;
    let long = house.file("long.txt", b"longer than ten characters");
    house.tell(settings, &[house.url("a.gif"), long]).await;
    for (folder, ending) in [("downloads", "-a.gif"), ("documents", "-long.txt.txt")] {
        let files = files_in(&house.data.path().join("media").join(folder));
        assert!(files.len() == 1 && files[0].display().to_string().ends_with(ending), "{files:?}");
    }
}

#[tokio::test]
async fn documents_at_an_address_are_fetched_and_read() {
    let house = House::new().await;
    let (text, _) = house.tell(house.settings(), &[house.url("report")]).await;
    let stored = files_in(&house.data.path().join("media/downloads"));
    let name = stored[0].file_name().expect("a name").to_string_lossy();
    assert!(name.ends_with("-report.pdf"), "{name}");
    let shown = format!("[Text of {name}]\nTea is green.\n[End of {name}]");
    assert_eq!(text, format!("look\n[file: {}]\n\n{shown}", stored[0].display()));
}

#[tokio::test]
async fn what_cannot_be_fetched_is_told_and_the_turn_goes_on() {
    let house = House::new().await;
    for (url, expected) in [
        (house.url("nothing"), "(it could not be fetched: the server answered with status 404"),
        (house.url("metadata"), "leads to a private network"),
        ("http://10.0.0.1/x.png".to_owned(), "leads to a private network"),
        (house.url("large"), "(it could not be fetched: it is larger than 20 MiB)"),
        ("http://127.0.0.1:1/".to_owned(), "(it could not be fetched: http://127.0.0.1:1/ cannot"),
    ] {
        let (text, is_shown) = house.tell(house.settings(), std::slice::from_ref(&url)).await;
        assert!(text.contains(&url) && text.contains(expected) && !is_shown, "{text}");
    }
    assert!(files_in(&house.data.path().join("media/downloads")).is_empty());
}

#[tokio::test]
async fn the_text_of_each_kind_of_document_is_read() {
    let house = House::new().await;
    let body = "<w:p><w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr><w:r><w:t>Tom &amp; J&#233;r&#244;me</w:t></w:r></w:p>\
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>\
        <w:p><w:r><w:delText>gone</w:delText><w:t>end</w:t></w:r></w:p>";
    for (name, bytes, expected) in [
        ("a.pdf", documents::pdf(&["First page", "Second page"]), "First page\n\nSecond page"),
        ("a.docx", documents::docx(body), "Tom & Jérôme\na\tb\nend"),
        ("a.XLSX", documents::xlsx(), "Sheet Tea & cups:\nSort\tCups\nGreen tea\t2"),
        ("a.pptx", documents::pptx(), "Slide 2:\nthe beginning\n\nSlide 10:\nthe end"),
        ("a.odt", documents::odt(), "Tea\nSteep two\nminutes."),
    ] {
        let file = house.file(name, &bytes);
        let (text, _) = house.tell(house.settings(), std::slice::from_ref(&file)).await;
        let shown = format!("[Text of {name}]\n{expected}\n[End of {name}]");
        assert_eq!(text, format!("look\n[file: {file}]\n\n{shown}"));
    }
}

#[tokio::test]
async fn files_of_text_are_read_like_documents() {
    let house = House::new().await;
    for (name, bytes, expected) in [
        ("notes.md", &b"# Tea\n\nGreen.\n"[..], "# Tea\n\nGreen."),
        ("a.csv", b"\xef\xbb\xbfsort;cups\r\ngreen;2\r\n", "sort;cups\r\ngreen;2"),
        ("a.json", br#"{"tea": "green"}"#, r#"{"tea": "green"}"#),
        ("main.rs", b"fn main() {}\n", "fn main() {}"),
        ("Makefile", b"all:\n\tcc tea.c\n", "all:\n\tcc tea.c"),
    ] {
        let file = house.file(name, bytes);
        let (text, _) = house.tell(house.settings(), std::slice::from_ref(&file)).await;
        let shown = format!("[Text of {name}]\n{expected}\n[End of {name}]");
        assert_eq!(text, format!("look\n[file: {file}]\n\n{shown}"));
    }
    let program = house.file("tool", b"\x7fELF\x02\x01\x01\0");
    let (text, _) = house.tell(house.settings(), std::slice::from_ref(&program)).await;
    assert_eq!(text, format!("look\n[file: {program}]"));
}

#[tokio::test]
async fn files_of_text_have_the_bounds_of_documents() {
    let house = House::new().await;
    let mut settings = house.settings();
    settings.max_tool_result_chars = 100;
    let files = ["a.txt", "b.txt", "c.txt", "d.txt"];
    let files = files.map(|name| house.file(name, name.repeat(100).as_bytes()));
    let (text, _) = house.tell(settings, &files).await;
    for shown in ["only 100 of 500 characters are shown; the rest is in ", "only 0 of 500 "] {
        assert!(text.contains(shown), "{text}");
    }
    let large = house.file("large.log", &vec![b'x'; 20 * 1024 * 1024 + 1]);
    let (text, _) = house.tell(house.settings(), &[large]).await;
    assert!(text.ends_with("(its text cannot be read: it is larger than 20 MiB)"), "{text}");
}

#[tokio::test]
async fn documents_are_only_named_when_the_configuration_says_so() {
    let house = House::new().await;
    let pdf = documents::pdf(&["Secret"]);
    for file in [house.file("a.pdf", &pdf), house.file("a.txt", b"Secret")] {
        let mut settings = house.settings();
        settings.extract_document_text = false;
        let (text, _) = house.tell(settings, std::slice::from_ref(&file)).await;
        assert_eq!(text, format!("look\n[file: {file}]"));
    }
}

#[tokio::test]
async fn a_long_text_is_cut_and_the_whole_is_kept_for_the_tools() {
    let house = House::new().await;
    let pages: Vec<String> =
        (0..30).map(|page| format!("Page {page} {}", "x".repeat(60))).collect();
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    let file = house.file("long.pdf", &documents::pdf(&pages));
    let mut settings = house.settings();
    settings.max_tool_result_chars = 500;
    let (text, _) = house.tell(settings, &[file]).await;
    let whole = files_in(&house.data.path().join("media/documents"));
    let kept = std::fs::read_to_string(&whole[0]).expect("the text is kept");
    assert!(kept.starts_with("Page 0 ") && kept.contains("Page 29 "));
    let notice = format!(
        ": only 500 of {} characters are shown; the rest is in {}]",
        kept.chars().count(),
        whole[0].display()
    );
    assert!(text.ends_with(&notice), "{text}");
    assert!(text.contains("Page 0 ") && !text.contains("Page 29 "));
}

#[tokio::test]
async fn hostile_and_damaged_documents_are_told_and_the_turn_goes_on() {
    let house = House::new().await;
    let bomb = documents::docx(&format!("<w:p>{}</w:p>", " ".repeat(140 * 1024 * 1024)));
    assert!(bomb.len() < 1024 * 1024, "the bomb is small: {}", bomb.len());
    let mut cut = documents::pdf(&["whole"]);
    cut.truncate(cut.len() / 2);
    for (name, bytes) in [
        ("bomb.docx", bomb),
        ("empty.docx", documents::archive(&[("a", "b")])),
        ("open.docx", documents::docx("<w:p><w:r></w:p>")),
        ("cut.pdf", cut),
        ("blank.pdf", documents::pdf(&[""])),
        ("rubbish.pdf", b"%PDF-1.7 rubbish".to_vec()),
        ("nested.pdf", [b"%PDF-1.7\n1 0 obj ".to_vec(), vec![b'['; 500_000]].concat()),
    ] {
        let file = house.file(name, &bytes);
        let (text, _) = house.tell(house.settings(), std::slice::from_ref(&file)).await;
        let start = format!("look\n[file: {file}] (its text cannot be read: ");
        assert!(text.starts_with(&start) && text.len() < start.len() + 200, "{text}");
    }
}
