//! Voice messages of a turn.

use std::path::Path;

use futures_util::future::join_all;

use super::{Heard, Transcriber};
use crate::turn::Turn;

/// Recordings of one message that are transcribed.
const MAX_RECORDINGS: usize = 8;
/// Endings of the names of recordings. Those that films have, too, are not among them.
const RECORDINGS: [&str; 8] = ["ogg", "oga", "opus", "mp3", "mpga", "m4a", "wav", "flac"];

/// Adds what is said in a turn's recordings to its text.
///
/// A recording that cannot be transcribed stays what it is, a file that the model is told of.
pub(crate) async fn hear(turn: &mut Turn, transcriber: Option<&Transcriber>) {
    let Some(transcriber) = transcriber else {
        return;
    };
    let files = turn.attachments.iter().filter(|file| is_recording(file)).take(MAX_RECORDINGS);
    let heard = join_all(files.map(|file| words_of(file, transcriber))).await;
    // Some channels ask for the words themselves, and put them into the text.
    let is_told =
        |heard: &Heard| heard.was_asked_before && turn.text.contains(heard.words.as_str());
    let is_new = |(_, heard): &(String, Heard)| !heard.words.is_empty() && !is_told(heard);
    let heard: Vec<_> = heard.into_iter().flatten().filter(is_new).collect();
    for (file, Heard { words, .. }) in heard {
        if !turn.text.is_empty() {
            turn.text.push('\n');
        }
        turn.text.push_str(&format!("[transcription of {file}: {words}]"));
    }
}

async fn words_of(file: &str, transcriber: &Transcriber) -> Option<(String, Heard)> {
    match transcriber.hear(Path::new(file)).await {
        Ok(heard) => Some((file.to_owned(), heard)),
        Err(error) => {
            tracing::warn!(%error, hint = error.hint(), "A voice message stays a file.");
            None
        }
    }
}

/// Whether it is a file of this machine that looks like a recording of speech.
fn is_recording(attachment: &str) -> bool {
    let path = Path::new(attachment);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    path.is_absolute() && RECORDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_audio_files_of_this_machine() {
        for (attachment, expected) in [
            ("/media/a.ogg", true),
            ("/media/a.OGA", true),
            ("/media/song.m4a", true),
            ("/media/film.mp4", false),
            ("/media/a.png", false),
            ("/media/ogg", false),
            ("a.ogg", false),
            ("https://host/a.ogg", false),
        ] {
            assert_eq!(is_recording(attachment), expected, "{attachment}");
        }
    }
}
