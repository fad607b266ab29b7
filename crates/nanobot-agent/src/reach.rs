//! Whether the server of a model is there.

use std::time::Duration;

use reqwest::Url;

use crate::model::Model;
use crate::provider::HttpClient;
use crate::settings::ModelSettings;

/// A server that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Base URL, as configured or as usual for the provider; without a password.
    pub base: String,
    /// Why it cannot be reached, if so.
    pub problem: Option<String>,
}

/// Looks for the server of the model that is asked first; none if that model needs no server.
///
/// It is asked for its base URL, without a key and without anything that costs; whatever it answers
/// will do. `limit` bounds the whole time.
pub async fn reach(settings: &ModelSettings, limit: Duration) -> Option<Reach> {
    let target = Model::from_settings(settings).target;
    if target.base.is_empty() {
        return None;
    }
    let provider = settings.of(&target.provider);
    let proxy = provider.and_then(|provider| provider.proxy.clone());
    let asked = tokio::time::timeout(limit, ask(&target.base, proxy, limit)).await;
    let late = || Err(format!("it did not answer within {} seconds", limit.as_secs()));
    let problem = asked.unwrap_or_else(|_| late()).err();
    Some(Reach { problem, base: without_password(target.base) })
}

fn without_password(base: String) -> String {
    match Url::parse(&base) {
        Ok(mut url) if url.password().is_some() || !url.username().is_empty() => {
            // Fails only for addresses without a host, which have no user either.
            let _ = url.set_password(None).and_then(|()| url.set_username(""));
            url.into()
        }
        _ => base,
    }
}

async fn ask(
    base: &str,
    proxy: Option<secrecy::SecretString>,
    limit: Duration,
) -> Result<(), String> {
    let http = HttpClient::new(base, limit, proxy);
    let client = http.get().map_err(|error| error.to_string())?;
    // Without the URL, which people see beside it; it may hold a password.
    let answer = client.get(base).send().await.map_err(|error| causes(&error.without_url()))?;
    drop(answer);
    Ok(())
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;
    use crate::settings::ProviderSettings;

    const LIMIT: Duration = Duration::from_secs(10);

    fn settings(base: &str) -> ModelSettings {
        let mut settings = ModelSettings {
            model: Some("m".to_owned()),
            provider: "custom".to_owned(),
            ..ModelSettings::default()
        };
        let api_key = Some("sk-secret".to_owned().into());
        let custom =
            ProviderSettings { api_base: Some(base.to_owned()), api_key, ..Default::default() };
        settings.providers.insert("custom".to_owned(), custom);
        settings
    }

    #[tokio::test]
    async fn any_answer_will_do_and_no_key_is_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let base = format!("http://{}/v1", listener.local_addr().expect("it has an address"));
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("somebody connects");
            let mut request = [0; 4096];
            let length = stream.read(&mut request).expect("it asks");
            stream
                .write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
                .expect("it listens");
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let found = reach(&settings(&base), LIMIT).await.expect("it has a server");
        assert_eq!(found, Reach { base, problem: None });
        let request = server.join().expect("it ran").to_lowercase();
        assert!(request.starts_with("get /v1 "), "{request}");
        assert!(!request.contains("sk-secret") && !request.contains("authorization"), "{request}");
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let base = format!("http://{}", listener.local_addr().expect("it has an address"));
        drop(listener);
        let found = reach(&settings(&base), LIMIT).await.expect("it has a server");
        let problem = found.problem.expect("nobody listens");
        assert!(problem.to_lowercase().contains("refused"), "{problem}");
    }

    #[tokio::test]
    async fn the_offline_model_needs_no_server() {
        assert_eq!(reach(&ModelSettings::default(), LIMIT).await, None);
    }
}
