use std::io;
use std::path::{Path, PathBuf};

use nanobot_channel::{ChannelError, Location, OutboundMessage};
use tempfile::TempDir;

use crate::folders::{Folders, private_temporary};

/// Begins the names of the folders. No folder of a channel is called so.
const PREFIX: &str = ".outgoing-";

/// Copies of files that a plugin is to deliver, and cannot reach where they are.
///
/// They are not in a folder of the plugin: it could put a link in the way, and have the host write
/// somewhere else. It can only read them.
pub(crate) struct Outgoing {
    folder: TempDir,
    /// Folders that the plugin can read anyway.
    own: [PathBuf; 2],
}

/// The copies for one delivery; dropping it removes them.
pub(crate) struct Lent {
    _folder: Option<TempDir>,
}

impl Outgoing {
    /// Beside the folders of the channel, where there is room for large files.
    pub(crate) fn beside(folders: &Folders) -> Result<Self, ChannelError> {
        let place = folders.state_dir.parent().unwrap_or(&folders.state_dir);
        let folder = private_temporary(place, PREFIX).map_err(|error| {
            ChannelError::internal("failed to create the folder of files to deliver")
                .with_source(error)
        })?;
        Ok(Self { folder, own: [folders.state_dir.clone(), folders.media_dir.clone()] })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder for one delivery.
    fn part(&self) -> io::Result<TempDir> {
        private_temporary(self.path(), PREFIX)
    }

    /// Makes the files of a message readable for as long as what is returned beside it lives.
    pub(crate) async fn lend(
        &self,
        mut message: OutboundMessage,
    ) -> Result<(OutboundMessage, Lent), ChannelError> {
        let mut lent = None;
        for (number, attachment) in message.attachments.iter_mut().enumerate() {
            let Location::Path(path) = &mut attachment.location else { continue };
            if self.own.iter().any(|own| path.starts_with(own)) {
                continue;
            }
            let folder = match &lent {
                Some(folder) => folder,
                None => lent.insert(self.part().map_err(|it| unreadable(path, it))?),
            };
            *path = copied(path, &folder.path().join(number.to_string())).await?;
        }
        Ok((message, Lent { _folder: lent }))
    }
}

/// Copies a file into a folder, which is made, under its own name: platforms show it.
async fn copied(path: &Path, folder: &Path) -> Result<PathBuf, ChannelError> {
    let copy = folder.join(path.file_name().unwrap_or_default());
    let copying = async {
        // A pipe would never end.
        if !tokio::fs::metadata(path).await?.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        tokio::fs::create_dir(folder).await?;
        tokio::fs::copy(path, &copy).await
    };
    copying.await.map_err(|error| unreadable(path, error))?;
    Ok(copy)
}

/// Removes what hosts that were killed left behind. For the one process that runs the plugins.
pub(crate) fn remove_left_behind(channels_dir: &Path) -> io::Result<()> {
    if !channels_dir.is_dir() {
        return Ok(());
    }
    for entry in channels_dir.read_dir()? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: io::Error) -> ChannelError {
    let name = path.file_name().unwrap_or_default().display();
    ChannelError::rejected(format!("failed to hand the file {name} to the plugin"))
        .with_source(error)
}
