use std::fs::DirBuilder;
use std::path::Path;

use anyhow::Context;

/// Makes a folder, and those above it, that only its owner can look into.
pub(crate) fn create(path: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("cannot create the folder {}", path.display()))
}
