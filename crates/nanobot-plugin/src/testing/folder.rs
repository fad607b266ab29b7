use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder that goes away with the test.
pub(super) struct TestFolder {
    path: PathBuf,
}

impl TestFolder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("nanobot-channel-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(path.join("media")).expect("the temporary folder is writable");
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn media(&self) -> PathBuf {
        self.path.join("media")
    }
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        // Left behind at worst, in a temporary folder.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
