use std::path::Path;
use std::time::Duration;

use nanobot_channel_kit::Download;
use tokio::io::AsyncReadExt;

use super::{Api, ApiError};

const DOWNLOAD_LIMIT: Duration = Duration::from_secs(120);
/// What is read of a file at a time.
const PIECE_BYTES: usize = 64 * 1024;

impl Api {
    /// Fetches a file to a path. See [Bot API/getFile](https://core.telegram.org/bots/api#getfile).
    pub(crate) async fn download(
        &self,
        file_id: &str,
        target: &Path,
        max_bytes: u64,
    ) -> Result<(), ApiError> {
        let file = self.get_file(file_id).await?;
        if file.file_size.is_some_and(|size| size > max_bytes) {
            return Err(ApiError::TooLarge { max_bytes });
        }
        let path = file.file_path.unwrap_or_default();
        let mut download = Download::begin(target, max_bytes).await?;
        // Only a server of one's own may name a file of this machine.
        let is_whole = if path.starts_with('/') && self.is_own_server {
            copy(Path::new(&path), &mut download).await?
        } else {
            self.fetch(&path, &mut download).await?
        };
        if !is_whole {
            return Err(ApiError::TooLarge { max_bytes });
        }
        Ok(download.keep().await?)
    }

    /// False if the file is too large.
    async fn fetch(&self, path: &str, download: &mut Download) -> Result<bool, ApiError> {
        let request = self.client()?.get(self.file_url(path)).timeout(DOWNLOAD_LIMIT);
        let mut response = request.send().await.map_err(ApiError::transport)?;
        let status = response.status();
        if !status.is_success() {
            return Err(ApiError::Refused {
                code: status.as_u16(),
                description: "the file is not there".to_owned(),
                retry_after: None,
                migrate_to: None,
            });
        }
        while let Some(piece) = response.chunk().await.map_err(ApiError::transport)? {
            if !download.write(&piece).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A local Bot API server has the file on the same disk and says where. False if it is too large.
/// See [Bot API/local server](https://core.telegram.org/bots/api#using-a-local-bot-api-server).
async fn copy(from: &Path, download: &mut Download) -> Result<bool, ApiError> {
    let mut file = tokio::fs::File::open(from).await?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece).await? {
            0 => return Ok(true),
            length if !download.write(&piece[..length]).await? => return Ok(false),
            _ => {}
        }
    }
}
