//! Wheels: packages in the form in which Python installers take them.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A pure Python wheel that is being put together.
pub(crate) struct Wheel {
    name: String,
    version: String,
    headers: String,
    files: Vec<(String, Vec<u8>)>,
}

impl Wheel {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        let headers = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        Self { name: name.to_owned(), version: version.to_owned(), headers, files: Vec::new() }
    }

    pub(crate) fn requires_python(self, versions: &str) -> Self {
        self.header("Requires-Python", versions)
    }

    pub(crate) fn requires(self, requirement: &str) -> Self {
        self.header("Requires-Dist", requirement)
    }

    /// Adds a line to the metadata.
    pub(crate) fn header(mut self, key: &str, value: &str) -> Self {
        // A line break would begin another header.
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(self.headers, "{key}: {value}").expect("writing to a string cannot fail");
        self
    }

    pub(crate) fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((path.to_owned(), content.into()));
        self
    }

    /// Adds a file to the metadata folder.
    pub(crate) fn metadata_file(self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        let path = format!("{}/{name}", self.metadata_folder());
        self.file(&path, content)
    }

    /// The file name, which tells installers what is in it.
    pub(crate) fn name(&self) -> String {
        format!("{}-py3-none-any.whl", self.stem())
    }

    /// Writes the wheel into a folder; returns its path.
    pub(crate) fn write_to(self, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join(self.name());
        let mut archive = ZipWriter::new(std::fs::File::create(&path)?);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (name, content) in self.complete() {
            archive.start_file(name, options).map_err(io::Error::other)?;
            archive.write_all(&content)?;
        }
        archive.finish().map_err(io::Error::other)?;
        Ok(path)
    }

    fn complete(self) -> Vec<(String, Vec<u8>)> {
        let folder = self.metadata_folder();
        let form =
            "Wheel-Version: 1.0\nGenerator: nanobot\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        let headers = self.headers.clone();
        let mut files = self.metadata_file("METADATA", headers).metadata_file("WHEEL", form).files;
        let record = format!("{folder}/RECORD");
        let lines: String = files.iter().map(|(name, content)| recorded(name, content)).collect();
        files.push((record.clone(), format!("{lines}{record},,\n").into_bytes()));
        files
    }

    fn metadata_folder(&self) -> String {
        format!("{}.dist-info", self.stem())
    }

    fn stem(&self) -> String {
        let plain = |text: &str| {
            let is_kept = |letter: char| letter.is_ascii_alphanumeric() || ".+!".contains(letter);
            text.chars().map(|it| if is_kept(it) { it } else { '_' }).collect::<String>()
        };
        format!("{}-{}", plain(&self.name.to_lowercase().replace('.', "_")), plain(&self.version))
    }
}

fn recorded(name: &str, content: &[u8]) -> String {
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(content));
    format!("{name},sha256={digest},{}\n", content.len())
}
