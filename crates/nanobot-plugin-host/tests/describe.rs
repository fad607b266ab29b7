//! Plugins that are asked what they are, and those that log in.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nanobot_channel::{
    Channel, ChannelError, Description, ErrorKind, LoginContext, LoginPrompt, LoginUi, Metadata,
    async_trait,
};
use nanobot_plugin_host::{
    DescriptionCache, PluginCommand, ProcessChannel, Sandbox, describe, login,
};
use serde_json::json;
use support::{fixture, patient, within_test_time};

fn expected() -> Description {
    let description = json!({
        "name": "fixture", "display_name": "Fixture", "version": "1.2.3",
        "capabilities": {"streaming": true, "login": false, "deduplicates": false},
        "default_config": {"enabled": false, "colour": "blue", "allowFrom": []},
        "config_schema": {"type": "object"},
    });
    serde_json::from_value(description).unwrap()
}

#[tokio::test]
async fn a_plugin_describes_itself_without_being_started() {
    within_test_time(async {
        let description = describe(&fixture(), &patient()).await.unwrap();
        assert_eq!(description, expected());
        let broken = fixture().with_arg("ExitBeforeInitialize");
        let error = describe(&broken, &patient()).await.unwrap_err();
        assert!(error.report().contains("ModuleNotFoundError"), "{}", error.report());
    })
    .await;
}

#[tokio::test]
async fn a_description_is_kept_until_a_file_of_the_plugin_changes() {
    within_test_time(async {
        let folder = tempfile::tempdir().unwrap();
        let metadata = folder.path().join("entry_points.txt");
        std::fs::write(&metadata, "one").unwrap();
        let mut command = fixture();
        command.files.push(metadata.clone());
        let cache = DescriptionCache::new(&folder.path().join("cache"));

        assert_eq!(cache.get(&command), None);
        let made = cache.describe(&command, &patient()).await.unwrap();
        assert_eq!((&made, cache.get(&command)), (&expected(), Some(expected())));
        assert_eq!(cache.get(&command.clone().with_arg("other")), None);
        let reopened = DescriptionCache::new(&folder.path().join("cache"));
        assert_eq!(reopened.get(&command), Some(expected()));

        std::fs::write(&metadata, "other").unwrap();
        assert_eq!(cache.get(&command), None);
        std::fs::remove_file(&metadata).unwrap();
        assert_eq!(cache.get(&command), None);
    })
    .await;
}

#[tokio::test]
async fn a_damaged_cache_is_built_anew_and_a_failure_is_no_description() {
    within_test_time(async {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("plugins.json");
        std::fs::write(&file, "{\"half").unwrap();
        let cache = DescriptionCache::new(folder.path());
        let broken = fixture().with_arg("ExitBeforeInitialize");
        cache.describe(&broken, &patient()).await.unwrap_err();
        assert_eq!(cache.get(&broken), None);
        cache.describe(&fixture(), &patient()).await.unwrap();
        assert_eq!(cache.get(&fixture()), Some(expected()));
        let left: Vec<_> = folder.path().read_dir().unwrap().collect();
        assert_eq!(left.len(), 1, "only the cache itself: {left:?}");
    })
    .await;
}

#[tokio::test]
async fn a_failure_is_recalled_for_a_while_where_a_listing_asks_and_nowhere_else() {
    within_test_time(async {
        let folder = tempfile::tempdir().unwrap();
        let cache = DescriptionCache::new(folder.path());
        let pids = folder.path().join("pids");
        let writing = Sandbox { write: vec![folder.path().to_owned()], ..Sandbox::default() };
        let broken = fixture()
            .with_arg("ExitBeforeInitialize")
            .with_env("FIXTURE_COUNT", pids.to_str().unwrap())
            .confined(writing);
        let starts = || std::fs::read_to_string(&pids).map_or(0, |pids| pids.lines().count());
        let first = cache.describe_or_recall(&broken, &patient()).await.unwrap_err();
        let recalled = cache.describe_or_recall(&broken, &patient()).await.unwrap_err();
        assert_eq!((first.report(), starts()), (recalled.report(), 1));
        cache.describe(&broken, &patient()).await.unwrap_err();
        assert_eq!(starts(), 2, "who needs to know asks again");

        let file = folder.path().join("plugins.json");
        let mut entries: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let entry = entries.as_object_mut().unwrap().values_mut().next().unwrap();
        entry["failure"]["asked_ms"] = 0.into();
        std::fs::write(&file, entries.to_string()).unwrap();
        cache.describe_or_recall(&broken, &patient()).await.unwrap_err();
        assert_eq!(starts(), 3, "the failure was too old");
    })
    .await;
}

#[tokio::test]
async fn a_plugin_that_decides_by_itself_says_so() {
    within_test_time(async {
        let command = fixture().with_env("FIXTURE_VOUCHES", "1");
        assert!(describe(&command, &patient()).await.unwrap().vouches);
        assert!(!describe(&fixture(), &patient()).await.unwrap().vouches);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_described_at_the_same_time_are_all_kept() {
    within_test_time(async {
        let folder = tempfile::tempdir().unwrap();
        let cache = Arc::new(DescriptionCache::new(folder.path()));
        let commands: Vec<_> = (0..8).map(|n| fixture().with_arg(n.to_string())).collect();
        let mut describing = tokio::task::JoinSet::new();
        for command in commands.clone() {
            let cache = Arc::clone(&cache);
            describing.spawn(async move { cache.describe(&command, &patient()).await });
        }
        describing.join_all().await.into_iter().for_each(|one| drop(one.unwrap()));
        assert!(commands.iter().all(|command| cache.get(command).is_some()));
    })
    .await;
}

#[derive(Default)]
struct Person {
    password: &'static str,
    saw: Mutex<Vec<LoginPrompt>>,
    was_asked: Mutex<Vec<(String, bool)>>,
}

#[async_trait]
impl LoginUi for Person {
    async fn show(&self, prompt: LoginPrompt) -> Result<(), ChannelError> {
        self.saw.lock().unwrap().push(prompt);
        Ok(())
    }

    async fn ask(&self, question: &str, is_secret: bool) -> Result<String, ChannelError> {
        let question = (question.to_owned(), is_secret);
        self.was_asked.lock().unwrap().push(question);
        Ok(self.password.to_owned())
    }
}

async fn log_in(command: &PluginCommand, person: &Arc<Person>) -> Result<bool, ChannelError> {
    let folder = tempfile::tempdir().unwrap();
    let ui: Arc<dyn LoginUi> = Arc::<Person>::clone(person);
    let cx = LoginContext::new(folder.path().join("state"), ui);
    let config = Metadata::from_iter([("password".to_owned(), "sesame".into())]);
    let result = login(command, &config, cx, true, &patient()).await;
    assert_eq!(support::leftovers(folder.path()), Vec::<String>::new());
    result
}

#[tokio::test]
async fn a_login_shows_and_asks_in_order() {
    within_test_time(async {
        let command = fixture().with_env("FIXTURE_LOGIN", "1");
        let person = Arc::new(Person { password: "sesame", ..Person::default() });
        assert!(log_in(&command, &person).await.unwrap());
        let qr = LoginPrompt::Qr { data: "code".into(), expires_in: Some(Duration::from_secs(5)) };
        let saw = [qr, LoginPrompt::Message("force true".into())];
        assert_eq!(*person.saw.lock().unwrap(), saw);
        let asked = [("Password?".to_owned(), true)];
        assert_eq!(*person.was_asked.lock().unwrap(), asked);
    })
    .await;
}

#[tokio::test]
async fn a_refused_login_keeps_its_kind_and_one_that_is_not_needed_succeeds_at_once() {
    within_test_time(async {
        let person = Arc::new(Person::default());
        let command = fixture().with_env("FIXTURE_LOGIN", "1");
        let error = log_in(&command, &person).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Auth);

        let person = Arc::new(Person::default());
        assert!(log_in(&fixture(), &person).await.unwrap());
        assert!(person.was_asked.lock().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_channel_logs_in_through_the_trait() {
    within_test_time(async {
        let folder = tempfile::tempdir().unwrap();
        let person = Arc::new(Person { password: "sesame", ..Person::default() });
        let command = fixture().with_env("FIXTURE_LOGIN", "1");
        let config = Metadata::from_iter([("password".to_owned(), "sesame".into())]);
        let channel = ProcessChannel::new(command, config, patient());
        let cx = LoginContext::new(folder.path().join("state"), person);
        assert!(channel.login(cx, false).await.unwrap());
    })
    .await;
}
