//! Pictures that come with a message.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::provider::Image;

/// Largest picture that is sent; providers refuse larger ones.
const MAX_IMAGE_BYTES: u64 = 5 * 1024 * 1024;
/// Pictures of one message that are sent.
const MAX_IMAGES: usize = 8;
/// First bytes of the kinds of pictures that models understand.
const KINDS: [(&[u8], &str); 5] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF", "image/webp"),
];

/// Reads the pictures among the attachments. What is none, is too large, or is not a file of this
/// machine is left out; the model still reads of it in the text. Blocks.
pub(crate) fn read_images(attachments: &[String]) -> Vec<Image> {
    attachments.iter().filter_map(|path| read_image(Path::new(path))).take(MAX_IMAGES).collect()
}

fn read_image(path: &Path) -> Option<Image> {
    // A pipe or a device could be waited for forever.
    if !path.is_absolute() || !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let read = File::open(path).ok()?.take(MAX_IMAGE_BYTES + 1).read_to_end(&mut bytes);
    let is_small = bytes.len() as u64 <= MAX_IMAGE_BYTES;
    let media_type = media_type(&bytes).filter(|_| read.is_ok() && is_small)?;
    Some(Image { media_type, base64: STANDARD.encode(&bytes) })
}

/// The kind of a picture by its content; names may lie.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
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
        let attachments = [
            write("a.gif", b"GIF89a"),
            write("large.gif", &large),
            write("b.txt", b"text"),
            "https://host/c.gif".to_owned(),
            "/no/such.gif".to_owned(),
            folder.path().display().to_string(),
        ];
        let expected = Image { media_type: "image/gif", base64: "R0lGODlh".to_owned() };
        assert_eq!(read_images(&attachments), [expected]);
    }
}
