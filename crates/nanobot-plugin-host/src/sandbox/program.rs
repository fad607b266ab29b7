//! What a program needs to read in order to run, told by where it lies.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::python::on_path;

/// How often a script may name a script as its interpreter.
const MAX_DEPTH: usize = 3;
/// What the kernel reads of the first line of a script.
const FIRST_LINE_BYTES: u64 = 256;
/// How far above a script the file that makes it a package is looked for.
const PACKAGE_DEPTH: usize = 4;
const PACKAGE_FILES: [&str; 2] = ["package.json", "pyproject.toml"];

/// The files and folders of a program, of its package, and of whatever interprets it.
pub(super) fn needs(program: &Path, path: Option<&OsStr>, private: &[PathBuf]) -> Vec<PathBuf> {
    let mut search = Search { path, private, found: Vec::new() };
    search.program(program, MAX_DEPTH);
    search.found
}

/// Whether a folder may be opened as a whole. The one that holds everything of a person may not.
pub(super) fn is_harmless(folder: &Path, private: &[PathBuf]) -> bool {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    real.parent().is_some() && !private.iter().any(|path| path.starts_with(&real))
}

struct Search<'a> {
    path: Option<&'a OsStr>,
    private: &'a [PathBuf],
    found: Vec<PathBuf>,
}

impl Search<'_> {
    fn program(&mut self, program: &Path, depth: usize) {
        let is_bare_name = program.parent() == Some(Path::new(""));
        let program = match program.to_str().filter(|_| is_bare_name) {
            Some(name) => on_path(name, self.path),
            None => Some(program.to_owned()),
        };
        let Some(program) = program else { return };
        self.place(&program);
        if let Ok(real) = program.canonicalize() {
            self.place(&real);
            self.package(&real);
        }
        if let Some(interpreter) = interpreter(&program).filter(|_| depth > 0) {
            self.program(&interpreter, depth - 1);
        }
    }

    fn place(&mut self, program: &Path) {
        self.found.push(program.to_owned());
        let Some(folder) = program.parent() else { return };
        self.folder(folder);
        let Some(above) = folder.parent() else { return };
        if folder.ends_with("bin") && self.is_installation(above) {
            self.folder(above);
        }
        // Scripts that choose a version when they run, and need all that is there to choose from.
        if folder.ends_with("shims") {
            self.folder(above);
        }
    }

    /// Whether the folder around `bin` belongs to the program. Among the folders of a person, as with
    /// `~/.local/bin`, it is one of many things.
    fn is_installation(&self, folder: &Path) -> bool {
        let is_of_many =
            self.private.iter().any(|private| folder.parent() == Some(private.as_path()));
        !is_of_many || folder.join("pyvenv.cfg").is_file()
    }

    /// The package that a script belongs to, with those that it depends on.
    fn package(&mut self, script: &Path) {
        let above = || script.ancestors().skip(1);
        let modules = above().filter(|folder| folder.ends_with("node_modules")).last();
        let is_package = |folder: &&Path| PACKAGE_FILES.iter().any(|it| folder.join(it).is_file());
        let root = modules.or_else(|| above().take(PACKAGE_DEPTH).find(is_package));
        if let Some(root) = root {
            self.folder(root);
        }
    }

    fn folder(&mut self, folder: &Path) {
        if is_harmless(folder, self.private) {
            self.found.push(folder.to_owned());
        }
    }
}

/// The program that the first line of a script names; for `env` the one that it is to find.
fn interpreter(script: &Path) -> Option<PathBuf> {
    let mut start = Vec::new();
    File::open(script).ok()?.take(FIRST_LINE_BYTES).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let program = words.next()?;
    if Path::new(program).file_name() != Some(OsStr::new("env")) {
        return Some(program.into());
    }
    let is_name = |word: &&str| !word.starts_with('-') && !word.contains('=');
    words.find(is_name).map(|name| PathBuf::from(OsString::from(name)))
}

#[cfg(all(test, unix))]
#[expect(clippy::unwrap_used, reason = "helpers of tests may panic, too")]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new(files: &[(&str, &str)]) -> Self {
            let home = Self(tempfile::tempdir().unwrap());
            for (name, content) in files {
                let path = home.path(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, content).unwrap();
            }
            home
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().canonicalize().unwrap().join(name)
        }

        /// Whether a program that needs what `program` needs can read a file.
        fn opens(&self, program: &str, file: &str) -> bool {
            let path = self.path("node/bin");
            let program = match program.contains('/') {
                true => self.path(program),
                false => program.into(),
            };
            let found = needs(&program, Some(path.as_os_str()), &[self.path("")]);
            assert!(found.iter().all(|it| *it != self.path("")), "{found:?}");
            found.iter().any(|it| self.path(file).starts_with(it))
        }
    }

    #[test]
    fn programs_of_a_person_open_their_own_folder_and_no_more() {
        let home = Home::new(&[
            (".local/bin/plugin", "\u{7f}ELF"),
            (".local/bin/helper", ""),
            (".local/share/keyring", ""),
            ("plugin", ""),
            ("secret", ""),
        ]);
        assert!(home.opens(".local/bin/plugin", ".local/bin/helper"));
        assert!(!home.opens(".local/bin/plugin", ".local/share/keyring"));
        assert!(home.opens("./plugin", "plugin"));
        assert!(!home.opens("./plugin", "secret"));
    }

    #[test]
    fn scripts_open_their_package_and_what_interprets_them() {
        let home = Home::new(&[
            ("node/bin/node", ""),
            ("node/lib/libnode.so", ""),
            ("node/lib/node_modules/plugin/dist/cli.js", "#!/usr/bin/env -S node --quiet\n"),
            ("node/lib/node_modules/dependency/index.js", ""),
            ("work/plugin/package.json", "{}"),
            ("work/plugin/node_modules/x/index.js", ""),
            ("work/plugin/dist/cli.js", "#!/usr/bin/env node\n"),
            ("work/other/secret", ""),
        ]);
        std::fs::create_dir_all(home.path("tools/bin")).unwrap();
        let link = "tools/bin/plugin";
        let script = "node/lib/node_modules/plugin/dist/cli.js";
        symlink(home.path(script), home.path(link)).unwrap();
        for file in [link, script, "node/bin/node", "node/lib/node_modules/dependency/index.js"] {
            assert!(home.opens(link, file), "{file}");
        }
        assert!(!home.opens(link, "work/other/secret"));
        for file in ["work/plugin/package.json", "work/plugin/node_modules/x/index.js"] {
            assert!(home.opens("work/plugin/dist/cli.js", file), "{file}");
        }
        assert!(!home.opens("work/plugin/dist/cli.js", "work/other/secret"));
    }

    #[test]
    fn interpreters_open_their_installation_and_shims_all_versions() {
        let home = Home::new(&[
            ("venv/bin/python3", ""),
            ("venv/pyvenv.cfg", ""),
            ("venv/lib/module.py", ""),
            ("tool/1.2/bin/python3", ""),
            ("tool/1.2/lib/module.py", ""),
            (".pyenv/shims/python3", "#!/bin/sh\n"),
            (".pyenv/versions/3/lib/module.py", ""),
            ("node/bin/runner", ""),
        ]);
        assert!(home.opens("venv/bin/python3", "venv/lib/module.py"));
        assert!(home.opens("tool/1.2/bin/python3", "tool/1.2/lib/module.py"));
        assert!(home.opens(".pyenv/shims/python3", ".pyenv/versions/3/lib/module.py"));
        assert!(home.opens("runner", "node/bin/runner"), "a bare name is looked for");
    }
}
