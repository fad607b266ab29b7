use std::io;
use std::path::{Path, PathBuf};

use super::{lock, slot};
use crate::plugins_dir::PluginsDir;
use crate::{DiscoveredPlugin, Places, Source};

/// The version that an installed plugin had before it was replaced last. It is kept until the next
/// one replaces it, or the plugin is removed.
#[derive(Debug, Clone)]
pub struct Previous {
    plugins_dir: PluginsDir,
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    /// Beside the program, under a name that is not found as a plugin.
    Program { program: PathBuf },
    /// Another environment in the plugin's folder.
    Environment { slot: PathBuf },
}

impl Previous {
    /// What is kept for a plugin, if it was installed by us and replaced since.
    #[must_use]
    pub fn of(places: &Places, plugin: &DiscoveredPlugin) -> Option<Self> {
        let plugins_dir = PluginsDir::of(&places.data_dir);
        let kept = match &plugin.source {
            Source::Executable { path } => {
                let is_ours = path.parent() == Some(plugins_dir.bin().as_path());
                let is_kept = is_ours && beside(path).is_file();
                is_kept.then(|| Kept::Program { program: path.clone() })
            }
            Source::Python { interpreter, .. } => {
                let inside = interpreter.strip_prefix(plugins_dir.environments()).ok()?;
                let slot = plugins_dir.environments().join(inside.iter().next()?);
                slot::has_previous(&slot).then_some(Kept::Environment { slot })
            }
        };
        Some(Self { kept: kept?, plugins_dir })
    }

    /// Puts it back in the place of what replaced it, which is removed.
    ///
    /// # Errors
    ///
    /// Fails if somebody installs or removes plugins at this time, or the files cannot be changed.
    pub fn restore(&self) -> io::Result<()> {
        let _lock = lock::take(&self.plugins_dir).map_err(io::Error::other)?;
        match &self.kept {
            Kept::Program { program } => std::fs::rename(beside(program), program),
            Kept::Environment { slot } => slot::restore_previous(slot),
        }
    }
}

/// Keeps a program that is about to be replaced, if there is one.
pub(super) fn keep_program(program: &Path) -> io::Result<()> {
    forget_program(program)?;
    match std::fs::hard_link(program, beside(program)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // Not every file system has links.
        Err(_) => std::fs::copy(program, beside(program)).map(|_| ()),
        Ok(()) => Ok(()),
    }
}

/// Removes the program that was kept, if there is one.
pub(super) fn forget_program(program: &Path) -> io::Result<()> {
    match std::fs::remove_file(beside(program)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn beside(program: &Path) -> PathBuf {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    program.with_file_name(format!(".{name}.previous"))
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "helpers of tests may panic, too")]
mod tests {
    use super::*;
    use crate::discover;
    use crate::install::program;

    fn install(root: &Path, text: &str) -> DiscoveredPlugin {
        let source = root.join("nanobot-channel-parrot");
        std::fs::write(&source, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&source, mode).unwrap();
        let plugins_dir = PluginsDir::of(&root.join("data"));
        program::install(&plugins_dir, &source, true).unwrap().remove(0)
    }

    #[test]
    fn a_replaced_program_can_be_put_back_once_and_is_no_plugin_itself() {
        let root = tempfile::tempdir().unwrap();
        let places = Places { data_dir: root.path().join("data"), ..Places::default() };
        let plugin = install(root.path(), "one");
        assert!(Previous::of(&places, &plugin).is_none());
        install(root.path(), "two");
        let first = plugin.command().fingerprint();
        assert_eq!(discover(&places, &[]).plugins.len(), 1);

        Previous::of(&places, &plugin).unwrap().restore().unwrap();
        assert_eq!(std::fs::read_to_string(plugin.source.program()).unwrap(), "one");
        assert!(Previous::of(&places, &plugin).is_none());
        assert_ne!(plugin.command().fingerprint(), first);
    }

    #[test]
    fn what_is_kept_goes_with_the_plugin() {
        let root = tempfile::tempdir().unwrap();
        let places = Places { data_dir: root.path().join("data"), ..Places::default() };
        install(root.path(), "one");
        let plugin = install(root.path(), "two");
        crate::remove(&places, &crate::removable(&places, "parrot").unwrap()).unwrap();
        let folder = plugin.source.program().parent().unwrap();
        assert_eq!(folder.read_dir().unwrap().count(), 0);
    }
}
