//! Channel packages that are found by their metadata files alone: no Python is needed here.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic anywhere")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nanobot_plugin_host::{
    DiscoveredPlugin, Discovery, Places, PythonPlaces, Shadow, Source, describe, discover,
};
use tempfile::TempDir;

/// A folder tree with environments in it; nothing in it runs.
struct Tree(TempDir);

impl Tree {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A virtual environment that has our distribution; returns its package folder.
    fn environment(&self, name: &str) -> String {
        let site = self.bare_environment(name, "3.12.1");
        self.file(&format!("{site}/nanobot/__init__.py"), "");
        self.file(&format!("{site}/nanobot/host/__main__.py"), "");
        site
    }

    fn bare_environment(&self, name: &str, version: &str) -> String {
        self.file(&format!("{name}/bin/python3"), "");
        self.file(&format!("{name}/pyvenv.cfg"), format!("home = /usr/bin\nversion = {version}\n"));
        let (short, _) = version.rsplit_once('.').unwrap();
        let site = format!("{name}/lib/python{short}/site-packages");
        fs::create_dir_all(self.path(&site)).unwrap();
        site
    }

    /// A package in a package folder.
    fn package(&self, site: &str, name: &str, channel: &str) {
        let metadata = format!("{site}/{}-1.2.dist-info", name.replace('-', "_"));
        self.file(
            &format!("{metadata}/METADATA"),
            format!("Name: {name}\nVersion: 1.2\n\nName: x"),
        );
        self.file(&format!("{metadata}/RECORD"), "");
        self.file(&format!("{metadata}/entry_points.txt"), entry(channel));
    }

    fn places(&self, chosen: &[&str]) -> Places {
        let chosen = chosen.iter().map(|name| self.path(name).to_str().unwrap().to_owned());
        Places {
            data_dir: self.path("data"),
            path: None,
            python: PythonPlaces {
                chosen: chosen.collect(),
                home: Some(self.path("home")),
                ..PythonPlaces::default()
            },
        }
    }

    fn found(&self, chosen: &[&str]) -> Vec<DiscoveredPlugin> {
        discover(&self.places(chosen), &[]).plugins
    }

    #[track_caller]
    fn check(&self, chosen: &[&str], expected: &[&str]) {
        assert_eq!(names(&self.found(chosen)), expected);
    }
}

fn entry(channel: &str) -> String {
    format!("[nanobot.channels]\n{channel} = pkg.channel:Channel\n")
}

fn names(plugins: &[DiscoveredPlugin]) -> Vec<&str> {
    plugins.iter().map(|plugin| plugin.name.as_str()).collect()
}

fn source(interpreter: &Path, distribution: &str) -> Source {
    Source::Python {
        interpreter: interpreter.to_owned(),
        distribution: distribution.to_owned(),
        version: "1.2".to_owned(),
        entry_point: "pkg.channel:Channel".to_owned(),
    }
}

#[test]
fn a_package_is_found_by_its_metadata_and_started_by_the_host_module() {
    let tree = Tree::new();
    let site = tree.environment("venv");
    tree.package(&site, "nanobot-channel-webhook", "web-hook");
    let found = tree.found(&["venv"]);
    let [plugin] = found.as_slice() else { panic!("{found:?}") };
    let interpreter = tree.path("venv/bin/python3");
    assert_eq!(plugin.source, source(&interpreter, "nanobot-channel-webhook"));
    let command = plugin.command();
    assert_eq!(command.program, interpreter);
    let args = ["-m", "nanobot.host", "web-hook", "--entry-point", "pkg.channel:Channel"];
    assert_eq!(command.args, args);
    assert_eq!(command.env["VIRTUAL_ENV"], tree.path("venv").to_str().unwrap());
    assert!(command.env["PATH"].starts_with(tree.path("venv/bin").to_str().unwrap()));
    assert_eq!(command.env["PYTHONSAFEPATH"], "1");
    assert!(!command.env.contains_key("PYTHONPATH"));
    let metadata = tree.path(&site).join("nanobot_channel_webhook-1.2.dist-info");
    assert!(command.files.contains(&metadata.join("RECORD")), "{:?}", command.files);
}

#[test]
fn every_layout_of_packages_is_understood() {
    let tree = Tree::new();
    let site = tree.environment("venv");
    tree.file(&format!("{site}/a.egg-info/entry_points.txt"), entry("egg-info"));
    tree.file(&format!("{site}/b-1-py3.egg/EGG-INFO/entry_points.txt"), entry("egg"));
    tree.file(&format!("{site}/c.egg-info"), "a file");
    let developed = tree.path("developed");
    tree.file("developed/d.egg-info/entry_points.txt", entry("developed"));
    tree.file(&format!("{site}/d.egg-link"), developed.to_str().unwrap());
    let lines = format!("# note\nimport sys\n\n/nowhere\n{}\n", developed.display());
    tree.file(&format!("{site}/easy-install.pth"), lines);
    tree.file("venv/beside/e-2.dist-info/entry_points.txt", entry("relative"));
    tree.file(&format!("{site}/z.pth"), "../../../beside\r\n");
    tree.check(&["venv"], &["egg-info", "egg", "developed", "relative"]);
}

#[test]
fn installations_are_searched_like_the_interpreter_does() {
    let tree = Tree::new();
    tree.file("usr/bin/python3.11", "");
    symlink("python3.11", tree.path("usr/bin/python3")).unwrap();
    for (folder, channel) in [
        ("usr/local/lib/python3.11/dist-packages", "local"),
        ("usr/lib/python3/dist-packages", "system"),
        ("usr/local/lib/python3.11/site-packages", "of-another-python"),
        ("home/.local/lib/python3.11/site-packages", "user"),
        ("home/.local/lib/python3.12/site-packages", "of-another-version"),
    ] {
        tree.package(folder, channel, channel);
    }
    let expected = ["user", "local", "system"];
    tree.check(&["usr/bin/python3"], &expected);

    tree.bare_environment("venv", "3.11.2");
    tree.check(&["venv"], &[]);
    let home = tree.path("usr/bin");
    let config = format!(
        "home = {}\ninclude-system-site-packages = true\nversion_info = 3.11.2.final.0\n",
        home.display()
    );
    tree.file("venv/pyvenv.cfg", config);
    tree.check(&["venv"], &expected);
    tree.check(&["venv", "usr/bin/python3"], &expected);
}

#[test]
fn shims_of_pyenv_are_seen_through() {
    let tree = Tree::new();
    tree.file("pyenv/shims/python3", "#!/bin/sh\n");
    tree.file("pyenv/version", "3.13.0\n");
    tree.file("pyenv/versions/3.13.0/bin/python3", "");
    tree.package("pyenv/versions/3.13.0/lib/python3.13/site-packages", "a", "a");
    let found = tree.found(&["pyenv/shims/python3"]);
    let program = tree.path("pyenv/versions/3.13.0/bin/python3");
    assert_eq!(found[0].source, source(&program, "a"));
}

#[test]
fn usual_places_come_in_order_and_the_first_to_claim_a_name_keeps_it() {
    let tree = Tree::new();
    let active = tree.environment("active");
    tree.package(&active, "from-active", "one");
    let around = tree.environment("around");
    tree.package(&around, "from-around", "two");
    let own = tree.environment("data/plugins/venvs/own/env-3");
    tree.package(&own, "from-own", "one");
    symlink("env-3", tree.path("data/plugins/venvs/own/current")).unwrap();
    let half = tree.environment("data/plugins/venvs/half/env-1");
    tree.package(&half, "half-installed", "half");
    let shared = tree.environment("data/plugins/venv");
    tree.package(&shared, "from-shared", "web");
    let on_path = tree.environment("on-path");
    tree.package(&on_path, "from-path", "two");
    let mut places = tree.places(&[]);
    places.path = Some(tree.path("on-path/bin").into());
    places.python.active = Some(tree.path("active"));
    places.python.program = Some(tree.path("around/bin/nanobot"));

    let Discovery { plugins, notes } = discover(&places, &["web"]);
    assert_eq!(notes, [""; 0]);
    let one = source(&tree.path("active/bin/python3"), "from-active");
    let two = source(&tree.path("around/bin/python3"), "from-around");
    let current = tree.path("data/plugins/venvs/own/current/bin/python3");
    let expected = [
        ("one", one.clone(), None),
        ("two", two.clone(), None),
        ("one", source(&current, "from-own"), Some(Shadow::Plugin(one))),
        (
            "web",
            source(&tree.path("data/plugins/venv/bin/python3"), "from-shared"),
            Some(Shadow::BuiltIn),
        ),
        ("two", source(&tree.path("on-path/bin/python3"), "from-path"), Some(Shadow::Plugin(two))),
    ];
    let found: Vec<_> = plugins
        .iter()
        .map(|it| (it.name.as_str(), it.source.clone(), it.shadowed_by.clone()))
        .collect();
    assert_eq!(found, expected);

    places.python.chosen = vec![tree.path("on-path").to_str().unwrap().to_owned()];
    let chosen = discover(&places, &[]).plugins;
    assert_eq!(names(&chosen), ["two", "one", "web"]);
}

#[test]
fn two_packages_with_one_key_are_both_told_and_one_package_seen_twice_is_one() {
    let tree = Tree::new();
    let site = tree.environment("venv");
    tree.package(&site, "alpha", "bot");
    tree.package(&site, "beta", "bot");
    tree.file("twice/a-2.dist-info/entry_points.txt", entry("bot"));
    tree.file("twice/a-2.dist-info/METADATA", "Name: Alpha\n");
    tree.file(&format!("{site}/x.pth"), tree.path("twice").to_str().unwrap());
    let found = tree.found(&["venv", "venv/bin/python3"]);
    let shadows: Vec<_> = found.iter().map(|plugin| plugin.shadowed_by.is_some()).collect();
    assert_eq!((names(&found), shadows), (vec!["bot", "bot"], vec![false, true]));
}

#[test]
fn damaged_metadata_harms_nothing_and_bad_names_are_told() {
    let tree = Tree::new();
    let site = tree.environment("venv");
    let metadata = |name: &str| format!("{site}/{name}-1.dist-info/entry_points.txt");
    tree.file(&metadata("latin"), b"[nanobot.channels]\ncaf\xe9 = a:B\ngood = a:B\n");
    tree.file(&metadata("option"), "[nanobot.channels]\n--help = a:B\nother = -c\n");
    tree.file(&metadata("binary"), [0, 159, 146, 150]);
    tree.file(&metadata("~removed"), entry("removed"));
    fs::create_dir_all(tree.path(&metadata("folder"))).unwrap();
    let pipe = tree.file(&metadata("pipe"), "");
    fs::remove_file(&pipe).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    symlink("loop-1.dist-info", tree.path(&format!("{site}/loop-1.dist-info"))).unwrap();
    symlink(".", tree.path(&format!("{site}/self"))).unwrap();
    tree.file(&format!("{site}/loop.pth"), "self\nself/self\n.\n");
    let Discovery { plugins, notes } = discover(&tree.places(&["venv", "missing"]), &[]);
    assert_eq!(names(&plugins), ["good"]);
    let told = |text: &str| notes.iter().filter(|note| note.contains(text)).count();
    assert_eq!((told("latin"), told("option"), notes.len()), (1, 2, 4), "{notes:?}");
    assert_eq!(told("plugins.python: there is no Python interpreter at"), 1, "{notes:?}");
}

#[test]
fn thousands_of_packages_are_looked_through_at_once() {
    let tree = Tree::new();
    let site = tree.environment("venv");
    for number in 0..3000 {
        let folder = tree.path(&format!("{site}/p{number}-1.0.dist-info"));
        fs::create_dir(&folder).unwrap();
        if number % 3 == 0 {
            fs::write(folder.join("entry_points.txt"), "[console_scripts]\na = b:c\n").unwrap();
        }
    }
    tree.package(&site, "last", "last");
    let before = Instant::now();
    tree.check(&["venv"], &["last"]);
    let took = before.elapsed();
    // It takes some 20 ms; a slip that reads everything takes seconds.
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn sources_of_a_package_that_is_worked_on_decide_whether_it_has_changed() {
    let tree = Tree::new();
    let site = tree.environment("venv");
    tree.package(&site, "bot", "bot");
    let source = tree.file("work on/src/pkg/channel.py", "");
    let other = tree.file("work on/src/pkg/deep/more.py", "");
    let origin = format!(
        r#"{{"url": "file://{}", "dir_info": {{"editable": true}}}}"#,
        tree.path("work%20on").display()
    );
    tree.file(&format!("{site}/bot-1.2.dist-info/direct_url.json"), origin);
    let files = tree.found(&["venv"])[0].command().files;
    assert!(files.contains(&source) && files.contains(&other), "{files:?}");
}

#[tokio::test]
async fn a_package_that_cannot_be_run_says_what_to_do() {
    #[track_caller]
    fn check(error: &nanobot_channel::ChannelError, expected: &str) {
        assert!(error.report().contains(expected), "{}", error.report());
        let hint = error.hint().unwrap();
        assert!(hint.contains("nanobot plugins install bot"), "{hint}");
    }
    let tree = Tree::new();
    let site = tree.bare_environment("bare", "3.11.4");
    tree.package(&site, "bot", "bot");
    let site = tree.bare_environment("old", "3.9.1");
    tree.package(&site, "bot", "bot");
    for (environment, expected) in
        [("bare", "does not have our distribution nanobot"), ("old", "installed for Python 3.9")]
    {
        let command = tree.found(&[environment])[0].command();
        check(&describe(&command, &Default::default()).await.unwrap_err(), expected);
    }
}

#[test]
fn the_module_that_runs_packages_is_supplied_where_the_program_of_the_same_name_is() {
    let tree = Tree::new();
    let site = tree.bare_environment("venv", "3.12.0");
    for module in ["nanobot", "loguru", "pydantic"] {
        tree.file(&format!("{site}/{module}/__init__.py"), "");
    }
    tree.package(&site, "bot", "bot");
    let command = tree.found(&["venv"])[0].command();
    let supplied = PathBuf::from(&command.env["PYTHONPATH"]);
    assert!(supplied.starts_with(tree.path("data/plugins/python")), "{supplied:?}");
    assert!(supplied.join("nanobot/host/__main__.py").is_file());
    assert_eq!(tree.found(&["venv"])[0].command(), command);
    let left = fs::read_dir(tree.path("data/plugins/python")).unwrap().count();
    assert_eq!(left, 1, "nothing but the one folder");
}
