//! Plugins that reach for what is not theirs. These tests need a kernel with Landlock.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use nanobot_channel::{Attachment, Channel, ErrorKind};
use nanobot_plugin_host::{Confinement, PluginCommand, Sandbox};
use serde_json::{Value, json};
use support::{Rig, fixture, outbound, patient, within_test_time};
use tempfile::TempDir;

/// A person's home, with what is in it beside the plugin's own folders.
struct Home(TempDir);

const SECRETS: [&str; 6] = [
    ".nanobot/config.json",
    ".nanobot/ledger.sqlite",
    ".nanobot/channels/other/token",
    ".nanobot/media/other/photo.jpg",
    ".nanobot/workspace/MEMORY.md",
    ".ssh/id_ed25519",
];

impl Home {
    fn new() -> Self {
        assert_eq!(Sandbox::default().confinement(), Confinement::Confined);
        let home = Self(tempfile::tempdir().unwrap());
        for name in SECRETS {
            home.file(name, "secret");
        }
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn sandbox(&self) -> Sandbox {
        Sandbox { private: vec![self.0.path().to_owned()], ..Sandbox::default() }
    }

    fn plugin(&self) -> PluginCommand {
        fixture().confined(self.sandbox())
    }
}

async fn tries(rig: &Rig, attempts: impl IntoIterator<Item = Value>) -> Vec<String> {
    let order = json!({"try": attempts.into_iter().collect::<Vec<_>>()});
    rig.tell(&order.to_string()).await.unwrap()
}

#[track_caller]
fn all_are(outcome: &str, outcomes: &[String]) {
    assert!(!outcomes.is_empty() && outcomes.iter().all(|it| it == outcome), "{outcomes:?}");
}

#[tokio::test]
async fn nothing_of_others_can_be_read_or_changed() {
    within_test_time(async {
        let home = Home::new();
        let rig = Rig::ready(home.plugin(), patient()).await;
        for name in SECRETS {
            let path = home.path(name);
            let (folder, state) = (path.parent().unwrap(), rig.state_dir());
            let attempts = [
                json!({"read": path}),
                json!({"append": path}),
                json!({"remove": path}),
                json!({"list": folder}),
                json!({"create": folder.join("planted")}),
                json!({"mkdir": folder.join("planted-folder")}),
                json!({"symlink": {"from": path, "to": state.join(format!("to-{}", name.len()))}}),
                json!({"link": {"from": path, "to": state.join("copy")}}),
                json!({"rename": {"from": path, "to": state.join("moved")}}),
            ];
            all_are("denied", &tries(&rig, attempts).await);
            assert_eq!(fs::read_to_string(&path).unwrap(), "secret", "{name}");
        }
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_host_and_its_temporary_files_are_out_of_reach() {
    within_test_time(async {
        let home = Home::new();
        let rig = Rig::ready(home.plugin(), patient()).await;
        let program = Path::new(env!("CARGO_BIN_EXE_misbehaving-plugin"));
        let attempts = [
            json!({"environment_of": "host"}),
            json!({"list": std::env::temp_dir()}),
            json!({"create": std::env::temp_dir().join("planted")}),
            json!({"create": "/usr/planted"}),
            json!({"create": program.with_file_name("planted")}),
            json!({"list": "/dev/shm"}),
        ];
        all_are("denied", &tries(&rig, attempts).await);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn own_folders_and_the_system_are_there_and_temporary_files_go_with_the_process() {
    within_test_time(async {
        let home = Home::new();
        let rig = Rig::ready(home.plugin(), patient()).await;
        let (state, media) = (rig.state_dir(), rig.media_dir());
        let attempts = [
            json!({"create": state.join("login")}),
            json!({"mkdir": state.join("folder")}),
            json!({"rename": {"from": state.join("login"), "to": state.join("folder/login")}}),
            json!({"create": media.join("photo")}),
            json!({"rename": {"from": media.join("photo"), "to": state.join("photo")}}),
            json!({"append": "/dev/null"}),
            json!({"list": "/proc/self/fd"}),
        ];
        all_are("done", &tries(&rig, attempts).await);
        let told = tries(
            &rig,
            [json!({"run": "/bin/true"}), json!({"read": "/etc/passwd"}), json!({"temporary": ""})],
        )
        .await;
        assert_eq!(told[0], "exit status: 0");
        assert_eq!(told[1], fs::read_to_string("/etc/passwd").unwrap());
        let temporary = PathBuf::from(&told[2]);
        assert!(temporary.join("left-behind").is_file());
        rig.stop().await.unwrap();
        assert!(!temporary.exists());
    })
    .await;
}

#[tokio::test]
async fn limits_hold_and_neither_they_nor_privileges_can_be_raised() {
    within_test_time(async {
        let home = Home::new();
        let sandbox =
            Sandbox { max_memory_bytes: 256 << 20, max_open_files: 100, ..home.sandbox() };
        let rig = Rig::ready(fixture().confined(sandbox), patient()).await;
        let told = tries(
            &rig,
            [
                json!({"limit": "core"}),
                json!({"limit": "memory"}),
                json!({"limit": "files"}),
                json!({"open_files": 200}),
                json!({"allocate": 128 << 20}),
                json!({"allocate": 512 << 20}),
            ],
        )
        .await;
        let expected = ["0 0", "268435456 268435456", "100 100", "too many", "done", "too much"];
        assert_eq!(told, expected);
        let raising = ["core", "memory", "files"].map(|name| json!({"raise": name}));
        all_are("denied", &tries(&rig, raising).await);
        let told = tries(&rig, [json!({"privileges": ""})]).await;
        let (bounding, no_new) = told[0].split_once(' ').unwrap();
        assert_eq!(no_new, "1");
        let is_root = rustix::process::geteuid().is_root();
        let administrators = u64::from_str_radix(bounding, 16).unwrap() & (1 << 21 | 1 << 24);
        assert!(!is_root || administrators == 0, "{bounding}");
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_user_can_open_more_or_everything() {
    within_test_time(async {
        let home = Home::new();
        let (songs, shared) = (home.file("songs/a.ogg", "la"), home.file("shared/a", "x"));
        let sandbox = Sandbox {
            read: vec![home.path("songs"), home.path("missing")],
            write: vec![home.path("shared")],
            ..home.sandbox()
        };
        let rig = Rig::ready(fixture().confined(sandbox.clone()), patient()).await;
        let told = tries(
            &rig,
            [
                json!({"read": songs}),
                json!({"append": songs}),
                json!({"append": shared}),
                json!({"read": home.path(SECRETS[0])}),
            ],
        )
        .await;
        assert_eq!(told, ["la", "denied", "done", "denied"]);
        rig.stop().await.unwrap();

        let open = fixture().confined(Sandbox { is_enabled: false, ..sandbox });
        let rig = Rig::ready(open, patient()).await;
        let told = tries(&rig, [json!({"read": home.path(SECRETS[0])})]).await;
        assert_eq!(told, ["secret"]);
        rig.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_file_to_deliver_is_lent_for_as_long_as_its_delivery_takes() {
    within_test_time(async {
        let home = Home::new();
        let report = home.file(".nanobot/workspace/report.txt", "42");
        let mut rig = Rig::ready(home.plugin(), patient()).await;
        let own = rig.media_dir().join("cat.png");
        fs::write(&own, "cat").unwrap();
        let own = own.canonicalize().unwrap();

        let mut message = outbound("c", "attachments");
        message.attachments =
            [&report, &own].map(|path| Attachment::from_path(path.clone())).into();
        let told = rig.channel.send(message.clone()).await.unwrap().platform_ids;
        let [lent, content, own_path, own_content] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!([content, own_content], ["42", "cat"]);
        assert_eq!(Path::new(own_path), own, "what it can read is not copied");
        let lent = Path::new(lent);
        assert_eq!(lent.file_name().unwrap(), "report.txt");
        assert!(!lent.exists() && report.exists());

        all_are("denied", &tries(&rig, [json!({"read": report})]).await);
        message.attachments = vec![Attachment::from_path(home.path("missing"))];
        let error = rig.channel.send(message).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected, "{}", error.report());
        let folder = rig.folder.path().to_owned();
        let outgoing = || {
            let names = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().file_name());
            names.filter(|name| name.to_string_lossy().starts_with('.')).count()
        };
        assert_eq!(outgoing(), 1);
        rig.shutdown.cancel();
        rig.ended().await.unwrap();
        assert_eq!(outgoing(), 0);
    })
    .await;
}
