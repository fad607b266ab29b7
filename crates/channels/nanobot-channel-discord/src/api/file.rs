use std::path::Path;
use std::time::Duration;

use nanobot_channel_kit::Download;
use reqwest::Url;

use super::{Api, ApiError};

const DOWNLOAD_LIMIT: Duration = Duration::from_secs(120);
/// Hosts that Discord serves files from.
const FILE_HOSTS: &[&str] = &["cdn.discordapp.com", "media.discordapp.net"];

impl Api {
    /// Fetches an attachment to a path. Its address needs no token, and gets none.
    pub(crate) async fn download(
        &self,
        address: &str,
        target: &Path,
        max_bytes: u64,
    ) -> Result<(), ApiError> {
        let url = self.file_url(address).ok_or(ApiError::ForeignAddress)?;
        let mut download = Download::begin(target, max_bytes).await?;
        if !self.fetch(url, &mut download).await? {
            return Err(ApiError::TooLarge { max_bytes });
        }
        Ok(download.keep().await?)
    }

    /// The address if it is one of Discord's: what a message names must not make this machine call
    /// just any host.
    fn file_url(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let is_discords =
            url.scheme() == "https" && FILE_HOSTS.contains(&url.host_str().unwrap_or_default());
        // A server of one's own serves its files itself.
        let is_own = !self.is_public()
            && Url::parse(&self.root).is_ok_and(|root| root.origin() == url.origin());
        (is_discords || is_own).then_some(url)
    }

    /// False if the file is too large.
    async fn fetch(&self, url: Url, download: &mut Download) -> Result<bool, ApiError> {
        let request = self.client()?.get(url).timeout(DOWNLOAD_LIMIT);
        let mut response = request.send().await.map_err(ApiError::transport)?;
        let status = response.status();
        if !status.is_success() {
            return Err(ApiError::Unreadable { status: status.as_u16() });
        }
        while let Some(piece) = response.chunk().await.map_err(ApiError::transport)? {
            if !download.write(&piece).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DiscordConfig;

    #[test]
    fn only_files_at_discord_are_fetched() {
        let api = |api_base: Option<&str>| {
            Api::new(&DiscordConfig {
                api_base: api_base.map(str::to_owned),
                ..DiscordConfig::default()
            })
        };
        let is_ok = |api: &Api, address: &str| api.file_url(address).is_some();
        let public = api(None);
        assert!(is_ok(&public, "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1"));
        assert!(!is_ok(&public, "http://cdn.discordapp.com/a.png"));
        assert!(!is_ok(&public, "https://cdn.discordapp.com.evil.org/a.png"));
        assert!(!is_ok(&public, "https://discord.com/a.png"));
        let own = api(Some("http://127.0.0.1:8080/api/v10"));
        assert!(is_ok(&own, "http://127.0.0.1:8080/files/a.png"));
        assert!(!is_ok(&own, "http://127.0.0.1:8081/files/a.png"));
    }
}
