use std::net::TcpListener;

use nanobot_test_support::{Signal, TestGateway};
use serde_json::json;

use crate::home::{BINARY, Home};

#[tokio::test]
async fn first_start_makes_what_is_missing_and_says_what_to_do() {
    let mut gateway = TestGateway::builder(BINARY).without_config().start().await;
    gateway.wait_for_stdout("Ctrl-C stops").await;
    let said = gateway.stdout();
    let version = env!("CARGO_PKG_VERSION");
    let banner = format!("🐈 Starting nanobot gateway version {version} on a free port...\n");
    assert!(said.starts_with(&banner), "{said}");
    let config = gateway.data_dir().join("config.json");
    let page = format!("✓ Chat page: http://{}/", gateway.address());
    for line in [
        &format!("✓ Created config at {}", config.display()),
        "  Created SOUL.md",
        "✓ Channels enabled: web",
        &page,
        "✓ Model: offline",
        "\"agents\": { \"defaults\": { \"model\":",
        "NANOBOT_PROVIDERS__OPENROUTER__API_KEY",
    ] {
        assert!(said.contains(line), "{line:?} is missing:\n{said}");
    }
    assert!(config.is_file());
    assert_eq!(gateway.get("/health").await.0, 200);
    let (status, page) = gateway.get("/").await;
    assert!(status == 200 && page.contains("<html"), "{status} {page}");
    assert_eq!(gateway.stop().await.code(), Some(0));
    assert!(!gateway.data_dir().join("run/gateway.sock").exists());
}

#[tokio::test]
async fn model_without_a_key_is_a_warning_and_not_the_end() {
    let config = json!({"agents": {"defaults": {"model": "anthropic/claude-opus-4-5"}}});
    let gateway = TestGateway::builder(BINARY).config(config).start().await;
    gateway.wait_for_stdout("Warning: Model: anthropic/claude-opus-4-5 cannot be asked").await;
    gateway.wait_for_stdout("providers.anthropic.apiKey").await;
}

#[tokio::test]
async fn signals_stop_it_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut gateway = TestGateway::builder(BINARY).start().await;
        gateway.signal(Signal::HUP);
        gateway.wait_for_stderr("were read again: nothing changed").await;
        assert_eq!(gateway.get("/health").await.0, 200);
        gateway.signal(signal);
        assert_eq!(gateway.wait().await.code(), Some(0), "{}", gateway.stderr());
    }
}

#[tokio::test]
async fn second_gateway_on_the_same_data_is_refused() {
    let gateway = TestGateway::builder(BINARY).start().await;
    let second = gateway.command(BINARY, &["gateway", "--port", "0"]).await;
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    let expected = format!("another gateway (process {}) is already running", gateway.id());
    assert!(said.contains(&expected), "{said}");
    assert_eq!(gateway.get("/health").await.0, 200);
}

#[test]
fn port_in_use_is_told_with_what_to_change() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let home = Home::with_config(&json!({"gateway": {"port": port}}));
    let said = home.run(&["gateway"]).failed(1);
    assert!(
        said.contains(&format!("cannot listen on 127.0.0.1:{port}: address in use\n")),
        "{said}"
    );
    let file = home.config_file();
    let hint = format!(
        "hint: choose another port with `--port`, or set `gateway.port` in {}",
        file.display()
    );
    assert!(said.contains(&hint), "{said}");
}

#[test]
fn config_that_cannot_be_used_stops_the_start_and_stays_as_it_is() {
    for (text, expected) in [
        ("{\n  \"gateway\": {,}\n}", "config.json:2:15: "),
        ("{\"gateway\": {\"port\": 99999}}", "config.json:1:22: gateway.port"),
        ("{\"channels\": {\"web\": {\"title\": 5}}}", "channels.web.title is not valid"),
    ] {
        let home = Home::with_config_text(text);
        let said = home.run(&["gateway", "-p", "0"]).failed(1);
        assert!(said.contains(expected), "{said}");
        assert_eq!(home.config_text(), text);
    }
    let said = Home::new().run(&["gateway", "-c", "none.json"]).failed(1);
    assert!(said.contains("Error: Config file not found: "), "{said}");
}

#[tokio::test]
async fn chat_page_is_off_where_everybody_could_open_it() {
    let config = json!({"gateway": {"host": "0.0.0.0"}});
    let gateway = TestGateway::builder(BINARY).config(config).start().await;
    gateway.wait_for_stderr("Warning: the chat page is off").await;
    gateway.wait_for_stderr("hint: set `gateway.token`").await;
    gateway.wait_for_stdout("Enable a channel").await;
    assert!(gateway.stdout().contains("Warning: No channels enabled"), "{}", gateway.stdout());
    assert_eq!(gateway.get("/").await.0, 404);
}

#[test]
fn chat_page_that_was_asked_for_and_would_be_open_is_refused() {
    let home = Home::with_config(&json!({
        "gateway": {"host": "0.0.0.0"}, "channels": {"web": {"enabled": true}}
    }));
    let said = home.run(&["gateway", "-p", "0"]).failed(1);
    assert!(said.contains("Error: channels.web cannot run"), "{said}");
    assert!(said.contains("`gateway.token`"), "{said}");
}

#[tokio::test]
async fn warnings_of_the_config_do_not_stop_the_start() {
    let config = json!({
        "gatewy": {},
        "channels": {"wbe": {"enabled": true}, "matrix": {"enabled": true}, "web": {"allowFrom": []}}
    });
    let gateway = TestGateway::builder(BINARY).config(config).start().await;
    for line in [
        "gatewy",
        "no channel or plugin named \"wbe\"",
        "hint: did you mean `web`?",
        "no channel or plugin named \"matrix\"",
        "`nanobot plugins install` installs a plugin",
        "channels.web.allowFrom is empty: nobody can write; list ids or \"*\"",
    ] {
        gateway.wait_for_stderr(line).await;
    }
}

#[tokio::test]
async fn log_can_be_had_as_json_lines() {
    let gateway =
        TestGateway::builder(BINARY).env("NANOBOT_LOG_FORMAT", "json").arg("-v").start().await;
    gateway.signal(Signal::HUP);
    let line = gateway.wait_for_stderr("as SIGHUP asks").await;
    let record: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(record["message"], "Reading the config again, as SIGHUP asks.");
}

#[test]
fn filter_for_the_log_that_makes_no_sense_is_refused() {
    let said = Home::new().run_with(&["gateway"], &[("NANOBOT_LOG", "a=b=c")], "").failed(1);
    assert!(said.contains("NANOBOT_LOG is not a filter for the log"), "{said}");
}

#[tokio::test]
async fn control_socket_is_for_its_owner_alone_even_where_the_folders_were_open() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};

    let home = Home::with_config(&json!({}));
    let run = home.data_dir().join("run");
    std::fs::create_dir(&run).unwrap();
    for folder in [&run, &home.data_dir()] {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o777)).unwrap();
    }
    let gateway =
        TestGateway::builder(BINARY).home(home.into_folder()).without_config().start().await;
    let socket = gateway.data_dir().join("run/gateway.sock");
    let key = gateway.data_dir().join("run/gateway.key");
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&run), mode(&socket), mode(&key)), (0o700, 0o600, 0o600));
    assert!(std::fs::metadata(&socket).unwrap().file_type().is_socket());
}

/// What the network may ask of the port: to look, and nothing else.
#[tokio::test]
async fn nothing_on_the_port_changes_state() {
    let config = json!({"gateway": {"token": "secret"}});
    let gateway = TestGateway::builder(BINARY).config(config).start().await;
    let status = ["channels", "status", "--json"];
    gateway.command_until(BINARY, &status, |it| it.contains("\"connected\"")).await;
    let delivery = "019cafe0c0ffee";
    let changing = ["POST", "PUT", "PATCH", "DELETE"];
    for (path, looking) in [("/health", 200), ("/health/ready", 200), ("/metrics", 200)] {
        assert_eq!(gateway.request("GET", path).await.0, looking, "{path}");
        for method in changing {
            assert_eq!(gateway.request(method, path).await.0, 405, "{method} {path}");
        }
    }
    // What the control socket answers is not there, neither to change nor to look at.
    for path in [
        "/v1/status".to_owned(),
        "/v1/channels/web/restart".to_owned(),
        "/v1/deliveries".to_owned(),
        format!("/v1/deliveries/{delivery}"),
        format!("/v1/deliveries/{delivery}/retry"),
        "/v1/messages".to_owned(),
        format!("/v1/trace/{delivery}"),
        "/v1/sessions".to_owned(),
        "/v1/sessions/web:c1".to_owned(),
        "/v1/sessions/web:c1/history".to_owned(),
    ] {
        for method in ["GET"].into_iter().chain(changing) {
            assert_eq!(gateway.request(method, &path).await.0, 404, "{method} {path}");
        }
    }
    // The page of the web channel is open to look at; to write, it needs a token (its own tests).
    for path in ["/", "/favicon.ico"] {
        assert_eq!(gateway.request("GET", path).await.0, 200, "{path}");
        for method in changing {
            assert_eq!(gateway.request(method, path).await.0, 405, "{method} {path}");
        }
    }
    for method in changing {
        let (code, _) = gateway.request(method, "/ws").await;
        assert!((400..500).contains(&code), "{method} /ws gives {code}");
    }
    let ran = gateway.command(BINARY, &status).await;
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let web = &report["channels"]["web"];
    assert_eq!((&web["state"], &web["restarts"]), (&json!("connected"), &json!(0)));
}
