use std::path::{Path, PathBuf};

use nanobot_channel::ChannelError;

/// The folders of one channel: files that it names lie in them.
pub(crate) struct Folders {
    pub(crate) state_dir: PathBuf,
    pub(crate) media_dir: PathBuf,
}

impl Folders {
    /// The file that a channel means, with all links resolved. Without this check a plugin could have
    /// the gateway read any file of the machine.
    pub(super) async fn own_file(&self, named: &Path) -> Result<PathBuf, ChannelError> {
        if !named.is_absolute() {
            return Err(ChannelError::rejected("the path of a file has to be absolute"));
        }
        let file = tokio::fs::canonicalize(named).await.map_err(|error| {
            ChannelError::rejected("the file cannot be found").with_source(error)
        })?;
        for folder in [&self.media_dir, &self.state_dir] {
            let folder = tokio::fs::canonicalize(folder).await;
            if folder.is_ok_and(|folder| file.starts_with(folder)) {
                return is_file(&file).await.then_some(file).ok_or_else(not_a_file);
            }
        }
        Err(ChannelError::rejected("only files of the channel's media and state folders are taken"))
    }
}

async fn is_file(path: &Path) -> bool {
    tokio::fs::metadata(path).await.is_ok_and(|found| found.is_file())
}

fn not_a_file() -> ChannelError {
    ChannelError::rejected("the path leads to no file")
}
