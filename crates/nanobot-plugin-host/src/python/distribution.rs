use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::entry_points::{self, EntryPoint, GROUP};

/// No metadata file that we read is near this size; what is longer is cut off.
const MAX_BYTES: u64 = 1 << 20;

/// What a folder of packages holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Metadata folders of distributions, in the order of their names.
    pub(super) metadata: Vec<PathBuf>,
    /// Files that add folders to the search path, in the order of their names.
    pub(super) path_files: Vec<PathBuf>,
}

/// An installed distribution that has channels.
#[derive(Debug)]
pub(super) struct Distribution {
    pub(super) name: String,
    pub(super) version: String,
    /// The folder with its metadata.
    pub(super) metadata: PathBuf,
    pub(super) entry_points: Vec<EntryPoint>,
}

impl Listing {
    pub(super) fn of(folder: &Path) -> Self {
        let mut listing = Self::default();
        let Ok(entries) = std::fs::read_dir(folder) else {
            return listing;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            // What pip could not remove it renames to begin with a tilde.
            let Some(name) = name.to_str().filter(|name| !name.starts_with(['~', '.'])) else {
                continue;
            };
            if name.ends_with(".dist-info") || name.ends_with(".egg-info") {
                listing.metadata.push(entry.path());
            } else if name.ends_with(".pth") {
                listing.path_files.push(entry.path());
            } else if name.ends_with(".egg") {
                listing.metadata.push(entry.path().join("EGG-INFO"));
            }
        }
        if folder.extension().is_some_and(|extension| extension == "egg") {
            listing.metadata.push(folder.join("EGG-INFO"));
        }
        listing.metadata.sort();
        listing.path_files.sort();
        listing
    }
}

impl Distribution {
    /// Reads a metadata folder; `None` if the distribution has no channels.
    pub(super) fn read(metadata: &Path) -> Option<Self> {
        let text = read_text(&metadata.join("entry_points.txt"))?;
        if !text.contains(GROUP) {
            return None;
        }
        let entry_points = entry_points::channels(&text);
        if entry_points.is_empty() {
            return None;
        }
        let (name, version) = identity(metadata);
        Some(Self { name, version, metadata: metadata.to_owned(), entry_points })
    }
}

/// Name and version, from the metadata or else from the folder's name.
fn identity(metadata: &Path) -> (String, String) {
    let text = ["METADATA", "PKG-INFO"].iter().find_map(|file| read_text(&metadata.join(file)));
    let text = text.unwrap_or_default();
    let header = |key: &str| {
        let mut head = text.lines().take_while(|line| !line.is_empty());
        let value = head.find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    };
    let stem = metadata.file_stem().unwrap_or_default().to_string_lossy();
    let (name, version) = stem.split_once('-').unwrap_or((&stem, "?"));
    (
        header("Name").unwrap_or_else(|| name.to_owned()),
        header("Version").unwrap_or_else(|| version.to_owned()),
    )
}

/// The name of a distribution in the spelling in which names are compared.
pub(crate) fn normalised(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// The text of a small file, whatever its encoding; `None` if it cannot be read.
pub(super) fn read_text(path: &Path) -> Option<String> {
    // Opening a pipe that lies in place of a file would wait for somebody to write.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
