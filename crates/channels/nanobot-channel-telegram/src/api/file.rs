use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::{Api, ApiError};

const DOWNLOAD_LIMIT: Duration = Duration::from_secs(120);

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
        // A crash leaves a draft behind and never half a file under the name that is looked for.
        let draft = target.with_extension("part");
        // Only a server of one's own may name a file of this machine.
        if path.starts_with('/') && self.is_own_server {
            copy(Path::new(&path), &draft, max_bytes).await?;
        } else {
            self.fetch(&path, &draft, max_bytes).await?;
        }
        tokio::fs::rename(&draft, target).await?;
        Ok(())
    }

    async fn fetch(&self, path: &str, target: &Path, max_bytes: u64) -> Result<(), ApiError> {
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
        let mut file = tokio::fs::File::create(target).await?;
        let mut written = 0;
        while let Some(chunk) = response.chunk().await.map_err(ApiError::transport)? {
            written += chunk.len() as u64;
            if written > max_bytes {
                return Err(ApiError::TooLarge { max_bytes });
            }
            file.write_all(&chunk).await?;
        }
        file.sync_data().await?;
        Ok(())
    }
}

/// A local Bot API server has the file on the same disk and says where.
/// See [Bot API/local server](https://core.telegram.org/bots/api#using-a-local-bot-api-server).
async fn copy(from: &Path, to: &Path, max_bytes: u64) -> Result<(), ApiError> {
    if tokio::fs::metadata(from).await?.len() > max_bytes {
        return Err(ApiError::TooLarge { max_bytes });
    }
    tokio::fs::copy(from, to).await?;
    Ok(())
}
