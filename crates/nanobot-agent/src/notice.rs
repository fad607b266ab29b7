//! What a person is told when something went wrong: what happened, and what to do.

use std::error::Error;

use crate::model::{ModelProblem, Target};
use crate::provider::{ErrorKind, ProviderError, SelectionError};

/// How to get from the offline model to a real one.
pub(crate) const OFFLINE_HINT: &str = "set `agents.defaults.model` and the key of its provider in \
    config.json; `nanobot status` finds models that run on this machine";

/// The answer when the model gave none twice.
pub(crate) const BLANK: &str = "The model ended its turn without a word, twice. Please ask again, \
    perhaps for a smaller step.";

/// The answer when the model, or a filter of its provider, does not want to answer.
pub(crate) const REFUSED: &str = "The model declined to answer this, or a filter of its provider \
    stopped the answer. Please say it in another way, or choose another model.";

/// What follows an answer that reached the limit of its length, or stands in its place.
pub(crate) fn cut_off(has_spoken: bool) -> String {
    let what = if has_spoken { "The answer ends here" } else { "There is no answer" };
    format!(
        "{what}, because the model reached the limit of its length. Ask it to go on, or raise \
            `agents.defaults.maxTokens`."
    )
}

/// The answer when the model goes on calling tools in ways that nobody understands.
pub(crate) const MISUNDERSTOOD: &str = "The model tried to use tools in a way that was not \
    understood, several times in a row. Please ask again, or choose another model.";

/// The answer when the model does not stop using tools.
pub(crate) fn too_many_rounds(limit: usize) -> String {
    format!(
        "I reached the maximum number of tool call iterations ({limit}) without completing the \
            task. You can try breaking the task into smaller steps, or raise \
            `agents.defaults.maxToolIterations`."
    )
}

/// Says that another model is asked.
pub(crate) fn next_model(failed: &Target, next: &Target) -> String {
    let name = |target: &Target| {
        if target.model.is_empty() { target.label.clone() } else { target.model.clone() }
    };
    format!("{} did not answer; asking {} instead.", name(failed), name(next))
}

/// A notice about a configuration with which no model can be asked.
pub(crate) fn problem(problem: &ModelProblem) -> String {
    match problem {
        ModelProblem::Selection(error) => selection(error),
        ModelProblem::Script(error) => {
            format!("The script of the offline model cannot be used: {}.", with_causes(error))
        }
        ModelProblem::Provider(error) => format!(
            "The configured provider cannot be asked: {}. Check its `apiKey` and `extraHeaders` \
                in config.json.",
            with_causes(error)
        ),
    }
}

fn selection(error: &SelectionError) -> String {
    match error {
        SelectionError::UnknownProvider(name) => format!(
            "`agents.defaults.provider` names `{name}`, which is not a provider. Set it to `auto` \
                or to one of the names below `providers`."
        ),
        SelectionError::MissingKey(spec) => format!(
            "The configured model needs {}, but no key is set. Set `providers.{}.apiKey` in \
                config.json.",
            spec.label, spec.name
        ),
        SelectionError::MissingBase(spec) => format!(
            "The configured model is asked at {}, but no address is set. Set \
                `providers.{}.apiBase` in config.json.",
            spec.label, spec.name
        ),
        SelectionError::Unsupported(spec) => format!(
            "{} is not supported yet. Set `agents.defaults.provider` and `agents.defaults.model` \
                to another provider, for example `openrouter`.",
            spec.label
        ),
        SelectionError::NoProvider(model) => format!(
            "No provider is configured for the model `{model}`. Set a key below `providers` in \
                config.json, for example `providers.openrouter.apiKey`."
        ),
    }
}

/// A notice about a failed question.
pub(crate) fn failure(error: &ProviderError, target: &Target) -> String {
    let Target { label, provider, base, model } = target;
    let said = error.excerpt().map(|excerpt| format!(" It said: “{excerpt}”")).unwrap_or_default();
    let status = error.status().map(|status| format!(" (status {status})")).unwrap_or_default();
    match error.kind() {
        ErrorKind::Auth => format!(
            "{label} did not accept the API key{status}. Check `providers.{provider}.apiKey` in \
                config.json."
        ),
        ErrorKind::Quota => {
            format!(
                "The account at {label} has no credit left{status}. Top it up or choose another \
                    provider.{said}"
            )
        }
        ErrorKind::ModelNotFound => format!(
            "{label} does not know the model `{model}` at {base}{status}. Check \
                `agents.defaults.model` and `providers.{provider}.apiBase`.{said}"
        ),
        ErrorKind::ContextTooLong => format!(
            "The conversation is too long for `{model}`. Start a new one with /new, or lower \
             `agents.defaults.contextWindowTokens`.{said}"
        ),
        ErrorKind::RateLimited => {
            format!(
                "{label} limits how often it may be asked{status}. Try again {}.{said}",
                when(error)
            )
        }
        ErrorKind::Overloaded => {
            format!(
                "{label} is overloaded or out of order{status}. Try again {}.{said}",
                when(error)
            )
        }
        ErrorKind::Network => format!(
            "The connection to {label} at {base} failed: {}. Check that it is reachable and that \
             `providers.{provider}.apiBase` is right.",
            with_causes(error)
        ),
        ErrorKind::Stalled => {
            format!("{label} has been silent for too long. Please try again.")
        }
        ErrorKind::BadResponse => format!(
            "{label} at {base} answered in a way that is not understood{status}: {}. Check \
             `providers.{provider}.apiBase`.{said}",
            with_causes(error)
        ),
        ErrorKind::Rejected if error.status().is_none() && error.excerpt().is_none() => {
            format!("{label} cannot be asked: {}.", with_causes(error))
        }
        ErrorKind::Rejected => format!("{label} refused the request{status}.{said}"),
    }
}

fn when(error: &ProviderError) -> String {
    match error.retry_after().map(|wait| wait.as_secs()) {
        Some(seconds @ 1..=90) => format!("in {seconds} seconds"),
        Some(seconds @ 91..) => format!("in {} minutes", seconds.div_ceil(60)),
        _ => "later".to_owned(),
    }
}

/// An error and its innermost cause; those between rarely say more.
fn with_causes(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    match error.source() {
        Some(_) => format!("{error}: {innermost}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn target() -> Target {
        Target {
            label: "OpenRouter".to_owned(),
            provider: "openrouter".to_owned(),
            base: "https://router.example/v1".to_owned(),
            model: "some/model".to_owned(),
        }
    }

    #[test]
    fn notices_say_what_to_do() {
        #[track_caller]
        fn check(error: &ProviderError, expected: &str) {
            let notice = failure(error, &target());
            assert!(notice.contains(expected), "{notice}");
        }
        let error = |kind| ProviderError::new(kind, "it failed");
        check(
            &error(ErrorKind::Auth).with_status(401),
            "(status 401). Check `providers.openrouter.apiKey`",
        );
        check(&error(ErrorKind::ModelNotFound), "`some/model` at https://router.example/v1");
        check(&error(ErrorKind::ContextTooLong), "/new");
        check(&error(ErrorKind::Network), "`providers.openrouter.apiBase`");
        check(&error(ErrorKind::Rejected).with_excerpt("no images".to_owned()), "“no images”");
        let limited =
            error(ErrorKind::RateLimited).with_retry_after(Some(Duration::from_secs(3_600)));
        check(&limited, "Try again in 60 minutes.");
    }
}
