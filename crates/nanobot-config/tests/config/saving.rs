use std::fs;
use std::path::{Path, PathBuf};

use nanobot_config::{ConfigErrorKind, ConfigFile, Environment};
use serde_json::json;
use tempfile::TempDir;

use crate::support::object;

const ORIGINAL: &str = "{\n  \"gateway\": {\"port\": 1}, // mine\n  \"unknown\": \"ä\"\n}\n";

fn folder_with(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn saving_writes_the_edit_and_keeps_the_previous_content() {
    let (folder, path) = folder_with(ORIGINAL);
    let mut file = ConfigFile::load(&path).unwrap();
    file.set("gateway.port", json!(2)).unwrap();
    file.save().unwrap();
    assert!(!file.is_changed());
    assert_eq!(fs::read_to_string(&path).unwrap(), ORIGINAL.replace('1', "2"));
    let backup = folder.path().join("config.json.bak");
    assert_eq!(fs::read_to_string(&backup).unwrap(), ORIGINAL);
    assert_eq!(names(folder.path()), ["config.json", "config.json.bak"]);

    file.set("gateway.port", json!(3)).unwrap();
    file.save().unwrap();
    assert_eq!(fs::read_to_string(&backup).unwrap(), ORIGINAL.replace('1', "2"));
}

#[test]
fn saving_without_a_change_touches_nothing() {
    let (folder, path) = folder_with(ORIGINAL);
    ConfigFile::load(&path).unwrap().save().unwrap();
    assert_eq!(names(folder.path()), ["config.json"]);
}

#[test]
fn file_changed_meanwhile_is_not_overwritten() {
    let (folder, path) = folder_with(ORIGINAL);
    let mut file = ConfigFile::load(&path).unwrap();
    file.set("gateway.port", json!(2)).unwrap();
    fs::write(&path, "{}").unwrap();
    let error = file.save().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Changed);
    assert_eq!(fs::read_to_string(&path).unwrap(), "{}");
    fs::remove_file(&path).unwrap();
    assert_eq!(file.save().unwrap_err().kind(), ConfigErrorKind::Changed);
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn new_file_is_not_written_over_one_that_exists() {
    let (_folder, path) = folder_with(ORIGINAL);
    let error = ConfigFile::new_with_defaults(&path).save().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Changed);
    assert_eq!(fs::read_to_string(&path).unwrap(), ORIGINAL);
}

#[test]
fn new_file_is_created_with_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home/.nanobot/config.json");
    ConfigFile::new_with_defaults(&path).save().unwrap();
    let file = ConfigFile::load(&path).unwrap();
    assert_eq!(file.text(), ConfigFile::new_with_defaults(&path).text());
    assert_eq!(names(path.parent().unwrap()), ["config.json"]);
}

#[test]
fn reset_keeps_the_previous_content_as_backup() {
    let (folder, path) = folder_with(ORIGINAL);
    let mut file = ConfigFile::load(&path).unwrap();
    file.reset_to_defaults();
    file.save().unwrap();
    let fresh = ConfigFile::new_with_defaults(&path);
    assert_eq!(fs::read_to_string(&path).unwrap(), fresh.text());
    let backup = folder.path().join("config.json.bak");
    assert_eq!(fs::read_to_string(backup).unwrap(), ORIGINAL);
}

/// The original replaced such files by its defaults and said that existing values were kept.
#[test]
fn file_with_a_mistake_is_never_replaced_by_defaults() {
    for text in [
        "{\"channels\": {\"sendMaxRetries\": 50}, \"providers\": {\"openai\": {\"apiKey\": \"sk\"}}}",
        "{\"surprise\": {\"a\": 1}, \"channels\": {}}",
        "{\"channels\": {",
        "",
    ] {
        let (folder, path) = folder_with(text);
        if let Ok(mut file) = ConfigFile::load(&path) {
            file.fill_channel("webhook", &object(r#"{"enabled": false}"#)).unwrap();
            match file.resolve(&Environment::default()) {
                Ok(_) => {
                    file.save().unwrap();
                    let saved = ConfigFile::load(&path).unwrap();
                    assert_eq!(saved.value()["surprise"], json!({"a": 1}));
                    assert_eq!(saved.value()["channels"]["webhook"]["enabled"], false);
                    continue;
                }
                Err(error) => assert_eq!(error.kind(), ConfigErrorKind::Invalid),
            }
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(names(folder.path()), ["config.json"]);
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn new_file_and_folder_belong_to_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".nanobot/config.json");
        ConfigFile::new_with_defaults(&path).save().unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn existing_permissions_are_kept_for_file_and_backup() {
        for wanted in [0o640, 0o600, 0o400] {
            let (folder, path) = folder_with(ORIGINAL);
            fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
            let mut file = ConfigFile::load(&path).unwrap();
            file.set("gateway.port", json!(2)).unwrap();
            file.save().unwrap();
            assert_eq!(mode(&path), wanted);
            assert_eq!(mode(&folder.path().join("config.json.bak")), wanted);
        }
    }

    #[test]
    fn file_is_replaced_whole_and_not_written_in_place() {
        let (folder, path) = folder_with(ORIGINAL);
        let other_name = folder.path().join("same-file");
        fs::hard_link(&path, &other_name).unwrap();
        let mut file = ConfigFile::load(&path).unwrap();
        file.set("gateway.port", json!(2)).unwrap();
        file.save().unwrap();
        assert_eq!(fs::read_to_string(&other_name).unwrap(), ORIGINAL);
        let inode = |path: &Path| fs::metadata(path).unwrap().ino();
        assert_ne!(inode(&path), inode(&other_name));
    }

    #[test]
    fn symbolic_link_stays_a_link() {
        let (folder, target) = folder_with(ORIGINAL);
        let link = folder.path().join("link.json");
        symlink(&target, &link).unwrap();
        let mut file = ConfigFile::load(&link).unwrap();
        file.set("gateway.port", json!(2)).unwrap();
        file.save().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), ORIGINAL.replace('1', "2"));
    }

    /// A folder in place of the backup makes the first renaming fail, also for a privileged user.
    #[test]
    fn failure_half_way_leaves_the_original_and_no_temporary_file() {
        let (folder, path) = folder_with(ORIGINAL);
        fs::create_dir(folder.path().join("config.json.bak")).unwrap();
        let mut file = ConfigFile::load(&path).unwrap();
        file.set("gateway.port", json!(2)).unwrap();
        let error = file.save().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Io);
        assert!(std::error::Error::source(&error).is_some());
        assert!(file.is_changed());
        assert_eq!(fs::read_to_string(&path).unwrap(), ORIGINAL);
        assert_eq!(names(folder.path()), ["config.json", "config.json.bak"]);
    }

    #[test]
    fn folder_without_write_permission_is_an_error_and_the_file_stays() {
        let (folder, path) = folder_with(ORIGINAL);
        let mut file = ConfigFile::load(&path).unwrap();
        file.set("gateway.port", json!(2)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
        let is_privileged = fs::write(folder.path().join("probe"), "").is_ok();
        let result = file.save();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        if is_privileged {
            return;
        }
        assert_eq!(result.unwrap_err().kind(), ConfigErrorKind::Io);
        assert_eq!(fs::read_to_string(&path).unwrap(), ORIGINAL);
        assert_eq!(names(folder.path()), ["config.json"]);
    }
}
