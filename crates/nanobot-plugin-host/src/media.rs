use std::path::Path;

use nanobot_channel::Location;
use nanobot_protocol::{Attachment, ErrorObject};

use crate::bounds::rejected;

/// Where a plugin's file is: in one of these folders, which are canonical, or at a web address.
///
/// Without this check a hostile plugin could make the agent read any file of the host.
pub(crate) fn locate(attachment: &Attachment, folders: &[&Path]) -> Result<Location, ErrorObject> {
    match (&attachment.path, &attachment.url) {
        (Some(path), None) => inside(Path::new(path), folders),
        (None, Some(url)) if is_web_address(url) => Ok(Location::Url(url.clone())),
        (None, Some(_)) => Err(rejected("attachment.url must be an http or https address")),
        _ => Err(rejected("an attachment has either a path or a url")),
    }
}

fn inside(path: &Path, folders: &[&Path]) -> Result<Location, ErrorObject> {
    if !path.is_absolute() {
        return Err(rejected("attachment.path must be absolute"));
    }
    // The canonical path is passed on, so that no link can be put in its way later.
    let canonical = path.canonicalize().map_err(|_| rejected("attachment.path does not exist"))?;
    if !folders.iter().any(|folder| canonical.starts_with(folder)) {
        return Err(rejected("attachment.path must be inside media_dir"));
    }
    if !canonical.is_file() {
        return Err(rejected("attachment.path is not a file"));
    }
    Ok(Location::Path(canonical))
}

fn is_web_address(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let has_host = !rest.is_empty() && !rest.starts_with(['/', '?', '#']);
    let is_clean = !url.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    is_web && has_host && is_clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(path: Option<&str>, url: Option<&str>) -> Attachment {
        let json = serde_json::json!({"kind": "file", "path": path, "url": url});
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn urls_are_web_addresses_and_exactly_one_location_is_given() {
        let media = Path::new("/media");
        let url = |url: &str| locate(&attachment(None, Some(url)), &[media]).is_ok();
        assert!(url("https://example.org/a.png"));
        assert!(url("HTTP://example.org"));
        for bad in ["file:///etc/passwd", "https://", "http:///x", "data:,x", "https://a b"] {
            assert!(!url(bad), "{bad}");
        }
        assert!(locate(&attachment(None, None), &[media]).is_err());
        assert!(locate(&attachment(Some("/media/a"), Some("http://a")), &[media]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn paths_that_lead_out_of_the_media_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let media = root.join("media");
        std::fs::create_dir_all(media.join("sub")).unwrap();
        std::fs::create_dir_all(root.join("media-of-others")).unwrap();
        std::fs::write(media.join("sub/cat.png"), "cat").unwrap();
        std::fs::write(root.join("secret"), "s").unwrap();
        std::fs::write(root.join("media-of-others/a"), "a").unwrap();
        std::os::unix::fs::symlink(root.join("secret"), media.join("link")).unwrap();
        std::os::unix::fs::symlink(&media, root.join("alias")).unwrap();
        let check = |path: &Path| locate(&attachment(path.to_str(), None), &[&media]);

        let cat = Location::Path(media.join("sub/cat.png"));
        assert_eq!(check(&media.join("sub/cat.png")), Ok(cat.clone()));
        assert_eq!(check(&root.join("alias/sub/cat.png")), Ok(cat));
        for bad in [
            root.join("secret"),
            media.join("../secret"),
            media.join("link"),
            media.join("missing"),
            media.join("sub"),
            root.join("media-of-others/a"),
            "sub/cat.png".into(),
        ] {
            assert!(check(&bad).is_err(), "{}", bad.display());
        }
    }
}
