use nanobot_channel_web::HubOptions;
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::harness::TestHub;

async fn hub_with_token(folder: &std::path::Path) -> TestHub {
    let mut options = HubOptions::new(folder);
    options.token = Some("secret".into());
    TestHub::with(options).await
}

#[track_caller]
fn assert_forbidden<T>(connected: Result<T, Error>) {
    match connected {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 403),
        Err(error) => panic!("expected a 403, got {error}"),
        Ok(_) => panic!("expected a 403, got a connection"),
    }
}

#[tokio::test]
async fn page_comes_with_its_security_headers() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let host = test.address.to_string();
    let answer = test.get("/", &[("Host", &host)]).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    for header in [
        "content-security-policy: default-src 'none'; script-src 'sha256-",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "x-frame-options: DENY",
        "referrer-policy: no-referrer",
    ] {
        assert!(head.contains(header), "{header} is missing in {head}");
    }
    assert!(!head.contains("unsafe"));
    assert!(body.contains("<title>nanobot</title>"));
}

#[tokio::test]
async fn page_is_not_served_under_a_foreign_name() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let rebound = format!("evil.example:{}", test.address.port());
    for path in ["/", "/ws", "/favicon.ico"] {
        let answer = test.get(path, &[("Host", &rebound)]).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{path}: {answer}");
        assert!(answer.contains("not one that nanobot answers to"));
    }
    let answer = test.get("/", &[("Host", "localhost:1")]).await;
    assert!(answer.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn socket_is_refused_to_other_sites_and_rebound_names() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let host = test.address.to_string();
    for origin in ["https://evil.example", "null", "http://localhost:1"] {
        assert_forbidden(test.connect_as(&host, Some(origin)).await);
    }
    let rebound = format!("evil.example:{}", test.address.port());
    let own_origin = format!("http://{rebound}");
    assert_forbidden(test.connect_as(&rebound, Some(&own_origin)).await);
    assert_forbidden(test.connect_as(&rebound, None).await);
}

#[tokio::test]
async fn local_program_without_origin_is_welcome() {
    let folder = tempfile::tempdir().unwrap();
    let test = TestHub::start(folder.path()).await;
    let host = test.address.to_string();
    let mut page = test.connect_as(&host, None).await.unwrap();
    page.say(json!({"type": "hello"})).await;
    assert_eq!(page.next("welcome").await["title"], "nanobot");
}

#[tokio::test]
async fn token_lets_in() {
    let folder = tempfile::tempdir().unwrap();
    let test = hub_with_token(folder.path()).await;
    let mut page = test.connect().await.unwrap();
    page.say(json!({"type": "hello", "token": "secret"})).await;
    assert_eq!(page.next("welcome").await["ready"], true);
}

#[tokio::test]
async fn missing_or_wrong_token_is_told_apart_and_ends_the_connection() {
    let folder = tempfile::tempdir().unwrap();
    let test = hub_with_token(folder.path()).await;
    for (hello, reason) in [
        (json!({"type": "hello"}), "token_missing"),
        (json!({"type": "hello", "token": "guess"}), "token_wrong"),
    ] {
        let mut page = test.connect().await.unwrap();
        page.say(hello).await;
        let denied = json!({"type": "denied", "reason": reason});
        assert_eq!(page.frame().await, Some(denied));
        assert_eq!(page.frame().await, None);
    }
}

#[tokio::test]
async fn nothing_is_served_before_hello() {
    let folder = tempfile::tempdir().unwrap();
    let mut test = hub_with_token(folder.path()).await;
    let mut page = test.connect().await.unwrap();
    page.write("chat", "1", "let me in").await;
    assert_eq!(page.frame().await, None);

    let mut page = test.connect().await.unwrap();
    page.say(json!({"type": "hello", "token": "secret"})).await;
    page.write("chat", "2", "hello").await;
    assert_eq!(test.received().await.text, "hello");
}
