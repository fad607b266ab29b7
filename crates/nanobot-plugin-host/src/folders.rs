use std::path::{Path, PathBuf};

use nanobot_channel::{ChannelContext, ChannelError};
use tempfile::TempDir;

/// Where a channel's files go; both folders exist.
#[derive(Clone)]
pub(crate) struct Folders {
    /// Canonical, like the other: received paths are compared with them.
    pub(crate) state_dir: PathBuf,
    pub(crate) media_dir: PathBuf,
}

impl Folders {
    pub(crate) fn prepare(cx: &ChannelContext) -> Result<Self, ChannelError> {
        Ok(Self {
            state_dir: private_folder(&cx.state_dir)?,
            media_dir: private_folder(&cx.media_dir)?,
        })
    }
}

/// Makes a folder for its owner's eyes only, and gives its canonical path.
pub(crate) fn private_folder(path: &Path) -> Result<PathBuf, ChannelError> {
    create(path).and_then(|()| path.canonicalize()).map_err(|error| {
        ChannelError::internal(format!("failed to create the folder {}", path.display()))
            .with_source(error)
    })
}

/// Makes a folder for its owner's eyes only that is removed when this is dropped.
pub(crate) fn private_temporary(place: &Path, prefix: &str) -> std::io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(place)
}

fn create(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
