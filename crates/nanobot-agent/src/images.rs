//! Pictures that come with a message.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::provider::Image;

/// Largest picture that is sent; providers refuse larger ones.
const MAX_IMAGE_BYTES: u64 = 5 * 1024 * 1024;
/// Bytes that say what a file is.
const START_BYTES: u64 = 64;
/// First bytes of the kinds of pictures that models understand.
const KINDS: [(&[u8], &str); 5] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF", "image/webp"),
];

/// Why a file is not a picture for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is something else, or no file of this machine.
    NoPicture,
    /// Providers refuse it.
    TooLarge,
}

/// The first bytes of a file, which say what it is. Blocks.
pub(crate) fn start_of(path: &Path) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    open(path)?.take(START_BYTES).read_to_end(&mut start).ok()?;
    Some(start)
}

/// Reads a picture. Blocks.
pub(crate) fn read_image(path: &Path) -> Result<Image, Unread> {
    let file = open(path).ok_or(Unread::NoPicture)?;
    let mut bytes = Vec::new();
    let read = file.take(MAX_IMAGE_BYTES + 1).read_to_end(&mut bytes);
    let media_type = media_type(&bytes).filter(|_| read.is_ok()).ok_or(Unread::NoPicture)?;
    if bytes.len() as u64 > MAX_IMAGE_BYTES {
        return Err(Unread::TooLarge);
    }
    Ok(Image { media_type, base64: STANDARD.encode(&bytes) })
}

fn open(path: &Path) -> Option<File> {
    // A pipe or a device could be waited for forever.
    let is_file = path.is_absolute() && path.metadata().ok()?.is_file();
    is_file.then(|| File::open(path).ok())?
}

/// The kind of a picture by its content; names may lie.
pub(crate) fn media_type(bytes: &[u8]) -> Option<&'static str> {
    let (_, media_type) = KINDS.into_iter().find(|(start, _)| bytes.starts_with(start))?;
    let is_other_riff = media_type == "image/webp" && bytes.get(8..12) != Some(b"WEBP");
    (!is_other_riff).then_some(media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_content() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\nrest"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\0\0\0\0WEBPVP8", Some("image/webp")),
            (b"RIFF\0\0\0\0WAVE", None),
            (b"RIFF", None),
            (b"<svg>", None),
            (b"", None),
        ] {
            assert_eq!(media_type(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn only_small_pictures_of_this_machine_are_read() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("the file is written");
            path.display().to_string()
        };
        let mut large = b"GIF89a".to_vec();
        large.resize(6 * 1024 * 1024, 0);
        let read = |path: &str| read_image(Path::new(path));
        let expected = Image { media_type: "image/gif", base64: "R0lGODlh".to_owned() };
        assert_eq!(read(&write("a.gif", b"GIF89a")), Ok(expected));
        assert_eq!(read(&write("large.gif", &large)), Err(Unread::TooLarge));
        for other in [
            write("b.txt", b"text"),
            "https://host/c.gif".to_owned(),
            "/no/such.gif".to_owned(),
            folder.path().display().to_string(),
        ] {
            assert_eq!(read(&other), Err(Unread::NoPicture), "{other}");
        }
    }
}
