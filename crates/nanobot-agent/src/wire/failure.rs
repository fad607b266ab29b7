//! What an error answer of a provider means.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::provider::{ErrorKind, ProviderError};

use super::secrets::Secrets;

/// Part of an error body that is read.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// A key that is not accepted, without the status that says so. See
/// [Gemini API/Troubleshooting](https://ai.google.dev/gemini-api/docs/troubleshooting).
const BAD_KEY: [&str; 2] = ["api_key_invalid", "api key not valid"];
const NO_CREDIT: [&str; 4] =
    ["insufficient_quota", "insufficient credits", "credit balance", "billing"];
/// Limits that do not pass within minutes.
const DAILY: [&str; 1] = ["perday"];
const TOO_LONG: [&str; 7] = [
    "context_length_exceeded",
    "context length",
    "context window",
    "context size",
    "prompt is too long",
    "too many tokens",
    "input token count",
];
const NO_MODEL: [&str; 6] = [
    "model_not_found",
    "model not found",
    "no such model",
    "unknown model",
    "not a valid model",
    "invalid model",
];

/// An error answer, as an HTTP status or inside a stream.
#[derive(Default)]
pub(crate) struct Failure {
    status: Option<u16>,
    retry_after: Option<Duration>,
    /// Machine words: error code, type, status and reasons.
    code: String,
    message: String,
}

impl Failure {
    /// Reads the answer, at most the beginning of its body.
    pub(crate) async fn read(mut response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), Timestamp::now());
        let mut body = Vec::new();
        // A body that breaks off says enough with what has arrived.
        while let Ok(Some(bytes)) = response.chunk().await {
            let room = MAX_BODY_BYTES - body.len();
            body.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if body.len() == MAX_BODY_BYTES {
                break;
            }
        }
        let body = String::from_utf8_lossy(&body);
        let said = Self::parse(&body);
        Self { status: Some(status), retry_after: retry_after.or(said.retry_after), ..said }
    }

    /// Takes the error object of an event; providers put the status into its code.
    pub(crate) fn in_stream(error: &Value) -> Self {
        let status = error["code"].as_u64().or_else(|| error["status"].as_u64());
        let status = status.and_then(|status| u16::try_from(status).ok());
        Self { status, ..Self::from_object(error) }
    }

    fn parse(body: &str) -> Self {
        let value: Value = serde_json::from_str(body).unwrap_or_default();
        // Gemini wraps the object into a list.
        let value = value.get(0).unwrap_or(&value);
        match value.get("error").filter(|error| !error.is_null()) {
            Some(error) => Self::from_object(error),
            None if value.is_object() => Self::from_object(value),
            None => Self { message: body.to_owned(), ..Self::default() },
        }
    }

    fn from_object(error: &Value) -> Self {
        let text = |key: &str| error[key].as_str().unwrap_or_default();
        let message =
            [error.as_str().unwrap_or_default(), text("message"), text("detail")].concat();
        let details = Details::of(error);
        let code = [text("code"), text("type"), text("status"), &details.reasons].join(" ");
        Self { code, message, retry_after: details.retry_after, ..Self::default() }
    }

    pub(crate) fn into_error(self, secrets: &Secrets) -> ProviderError {
        let kind = self.kind();
        // What is said about a key often repeats a part of it, and the advice is the same anyway.
        let excerpt = match kind {
            ErrorKind::Auth => String::new(),
            _ => secrets.excerpt(&self.message),
        };
        let error = ProviderError::new(kind, "the model provider answered with an error")
            .with_retry_after(self.retry_after)
            .with_excerpt(excerpt);
        match self.status {
            Some(status) => error.with_status(status),
            None => error,
        }
    }

    fn kind(&self) -> ErrorKind {
        let said = format!("{} {}", self.code, self.message).to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let status = self.status.unwrap_or_default();
        match status {
            401 | 403 => ErrorKind::Auth,
            400..500 if says(&BAD_KEY) => ErrorKind::Auth,
            402 => ErrorKind::Quota,
            // Gemini speaks of the plan and of billing also when a minute has to be waited for.
            429 if self.retry_after.is_some() && !says(&DAILY) => ErrorKind::RateLimited,
            400..500 if says(&DAILY) => ErrorKind::Quota,
            400..500 if says(&NO_CREDIT) => ErrorKind::Quota,
            429 => ErrorKind::RateLimited,
            400..500 if says(&TOO_LONG) => ErrorKind::ContextTooLong,
            404 => ErrorKind::ModelNotFound,
            400..500 if says(&NO_MODEL) || says_model_missing(&said) => ErrorKind::ModelNotFound,
            408 | 409 | 425 => ErrorKind::Overloaded,
            500.. => ErrorKind::Overloaded,
            300..400 => ErrorKind::BadResponse,
            _ => kind_of_words(&said),
        }
    }
}

/// What stands in the details of an error of Google's services. See
/// [google.rpc error details](https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto).
#[derive(Default)]
struct Details {
    retry_after: Option<Duration>,
    reasons: String,
}

impl Details {
    fn of(error: &Value) -> Self {
        let mut details = Self::default();
        for detail in error["details"].as_array().into_iter().flatten() {
            if let Some(delay) = detail["retryDelay"].as_str() {
                let seconds = delay.strip_suffix('s').and_then(|delay| delay.parse().ok());
                let wait = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                details.retry_after = details.retry_after.or(wait);
            }
            let quotas = detail["violations"].as_array().into_iter().flatten();
            let quotas = quotas.filter_map(|violation| violation["quotaId"].as_str());
            for reason in detail["reason"].as_str().into_iter().chain(quotas) {
                details.reasons.push_str(reason);
                details.reasons.push(' ');
            }
        }
        details
    }
}

/// What an error without a telling status means.
fn kind_of_words(said: &str) -> ErrorKind {
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&NO_CREDIT) {
        ErrorKind::Quota
    } else if says(&TOO_LONG) {
        ErrorKind::ContextTooLong
    } else if says(&NO_MODEL) || says_model_missing(said) {
        ErrorKind::ModelNotFound
    } else if says(&["rate_limit", "rate limit", "too many requests", "resource_exhausted"]) {
        ErrorKind::RateLimited
    } else if says(&[
        "overloaded",
        "server_error",
        "temporarily",
        "unavailable",
        "timeout",
        "timed out",
    ]) {
        ErrorKind::Overloaded
    } else {
        ErrorKind::Rejected
    }
}

fn says_model_missing(said: &str) -> bool {
    said.contains("model") && (said.contains("does not exist") || said.contains("not found"))
}

/// How long the provider asks us to wait: seconds, milliseconds or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(wait) = text("retry-after-ms").and_then(|value| value.parse().ok()) {
        return Some(Duration::from_millis(wait));
    }
    let value = text(RETRY_AFTER.as_str())?;
    match value.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => {
            let date = DateTimeParser::new().parse_timestamp(value).ok()?;
            Some(date.duration_since(now).try_into().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_sorted_by_status_and_words() {
        #[track_caller]
        fn check(status: u16, body: &str, expected: ErrorKind) {
            let failure = Failure { status: Some(status), ..Failure::parse(body) };
            assert_eq!(failure.kind(), expected, "{status} {body}");
        }
        check(401, "", ErrorKind::Auth);
        check(403, "model not found", ErrorKind::Auth);
        check(402, "", ErrorKind::Quota);
        check(429, r#"{"error":{"code":"insufficient_quota"}}"#, ErrorKind::Quota);
        check(429, "", ErrorKind::RateLimited);
        check(404, "<html>", ErrorKind::ModelNotFound);
        check(
            400,
            r#"{"error":{"message":"The model `x` does not exist"}}"#,
            ErrorKind::ModelNotFound,
        );
        check(400, r#"{"error":{"code":"context_length_exceeded"}}"#, ErrorKind::ContextTooLong);
        check(
            400,
            r#"[{"error":{"message":"input token count exceeds"}}]"#,
            ErrorKind::ContextTooLong,
        );
        check(400, r#"{"error":{"message":"bad temperature"}}"#, ErrorKind::Rejected);
        check(400, r#"{"error":{"type":"overloaded_error"}}"#, ErrorKind::Overloaded);
        check(
            400,
            r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#,
            ErrorKind::Auth,
        );
        let quota = |id: &str| {
            format!(
                r#"{{"error":{{"code":429,"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota, please check your plan and billing details.","details":[{{"violations":[{{"quotaId":"{id}"}}]}},{{"retryDelay":"36.5s"}}]}}}}"#
            )
        };
        check(429, &quota("GenerateRequestsPerMinutePerProjectPerModel"), ErrorKind::RateLimited);
        check(429, &quota("GenerateRequestsPerDayPerProjectPerModel"), ErrorKind::Quota);
        assert_eq!(
            Failure::parse(&quota("x")).retry_after,
            Some(Duration::from_millis(36_500)),
            "the wait stands in the details"
        );
        check(529, "", ErrorKind::Overloaded);
        check(308, "", ErrorKind::BadResponse);
    }

    #[test]
    fn errors_inside_a_stream_are_sorted_too() {
        #[track_caller]
        fn check(error: &str, expected: ErrorKind) {
            let error: Value = serde_json::from_str(error).expect("the error is JSON");
            assert_eq!(Failure::in_stream(&error).kind(), expected);
        }
        check(r#"{"code":429,"message":"slow down"}"#, ErrorKind::RateLimited);
        check(r#"{"code":"rate_limit_exceeded"}"#, ErrorKind::RateLimited);
        check(r#"{"type":"overloaded_error","message":"Overloaded"}"#, ErrorKind::Overloaded);
        check(r#""out of luck""#, ErrorKind::Rejected);
    }

    #[test]
    fn the_wait_is_read_in_each_form() {
        #[track_caller]
        fn check(name: &'static str, value: &'static str, expected: Option<Duration>) {
            let now = "2026-11-22T12:00:00Z".parse().expect("the time is valid");
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("the header is valid"));
            assert_eq!(retry_after(&headers, now), expected, "{name}: {value}");
        }
        check("retry-after", "3", Some(Duration::from_secs(3)));
        check("retry-after", " 0.5", Some(Duration::from_millis(500)));
        check("retry-after-ms", "20", Some(Duration::from_millis(20)));
        check("retry-after", "Sun, 22 Nov 2026 12:00:09 GMT", Some(Duration::from_secs(9)));
        check("retry-after", "Sun, 22 Nov 2026 11:00:00 GMT", Some(Duration::ZERO));
        check("retry-after", "-1", None);
        check("retry-after", "soon", None);
    }
}
