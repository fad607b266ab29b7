use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use nanobot_channel_kit::store;

/// After a week without updates Telegram starts to count anew, possibly below the offset. An offset
/// near that age is not used; Telegram then starts with the oldest update that it has.
/// See [Bot API/Update](https://core.telegram.org/bots/api#update).
const MAX_AGE_MS: u64 = 6 * 24 * 60 * 60 * 1000;

/// Where in the stream of updates the channel is, kept on disk.
#[derive(Debug)]
pub(super) struct Cursor {
    path: PathBuf,
    place: Place,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    /// The bot whose updates are counted; each bot has its own.
    bot: String,
    /// The first update that the gateway has not stored.
    offset: Option<i64>,
    /// When the offset last moved.
    at_ms: u64,
}

impl Cursor {
    /// Reads the place; a file that cannot be read counts as none, for Telegram keeps the updates
    /// that were not confirmed.
    pub(super) async fn open(state_dir: &Path, bot: &str) -> Self {
        let path = state_dir.join("offset.json");
        let read = tokio::fs::read(&path).await.ok();
        let place: Option<Place> = read.and_then(|json| serde_json::from_slice(&json).ok());
        let fresh = Place { bot: bot.to_owned(), ..Place::default() };
        Self { path, place: place.filter(|place| place.bot == bot).unwrap_or(fresh) }
    }

    /// The offset to ask with.
    pub(super) fn offset(&self, now_ms: u64) -> Option<i64> {
        let is_fresh = now_ms.saturating_sub(self.place.at_ms) < MAX_AGE_MS;
        self.place.offset.filter(|_| is_fresh)
    }

    /// Moves past updates that the gateway has stored. The move is on disk when this returns.
    pub(super) async fn advance(&mut self, offset: i64, now_ms: u64) -> io::Result<()> {
        if self.place.offset == Some(offset) {
            return Ok(());
        }
        let place = Place { offset: Some(offset), at_ms: now_ms, bot: self.place.bot.clone() };
        let (path, json) = (self.path.clone(), serde_json::to_vec(&place)?);
        store::blocking(move || store::replace(&path, &json)).await?;
        self.place = place;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn offset_survives_a_restart_but_not_a_change_of_the_bot() {
        let folder = tempfile::tempdir().unwrap();
        let mut cursor = Cursor::open(folder.path(), "1").await;
        assert_eq!(cursor.offset(0), None);
        cursor.advance(42, 1000).await.unwrap();
        assert_eq!(Cursor::open(folder.path(), "1").await.offset(1000), Some(42));
        assert_eq!(Cursor::open(folder.path(), "2").await.offset(1000), None);
    }

    #[tokio::test]
    async fn old_offset_is_not_used_because_telegram_may_count_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut cursor = Cursor::open(folder.path(), "1").await;
        cursor.advance(42, 1000).await.unwrap();
        assert_eq!(cursor.offset(1000 + MAX_AGE_MS), None);
    }
}
