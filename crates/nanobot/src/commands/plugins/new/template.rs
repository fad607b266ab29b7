//! The files of a new plugin: those of the examples, with their names replaced. The examples are
//! compiled, checked and tested with everything else.

use crate::cli::Language;

/// The examples' files: path and text.
type Example = &'static [(&'static str, &'static str)];

macro_rules! example {
    ($folder:literal, [$($path:literal),* $(,)?]) => {
        &[$(($path, include_str!(concat!(
            "../../../../../../examples/", $folder, "/", $path
        )))),*]
    };
}

const RUST: Example =
    example!("nanobot-channel-parley", ["Cargo.toml", "README.md", "src/main.rs", "src/tests.rs"]);
const PYTHON: Example = example!(
    "nanobot-channel-parley-python",
    [
        "pyproject.toml",
        "README.md",
        "nanobot_channel_parley/__init__.py",
        "nanobot_channel_parley/channel.py",
        "tests/test_channel.py",
    ]
);
const SCRIPT: Example =
    example!("nanobot-channel-echo-python-raw", ["README.md", "nanobot-channel-echo"]);

/// What the examples call the SDK's folder.
const SDK_OF_EXAMPLES: &str = "\"../../crates/nanobot-plugin\"";
/// The examples belong to a workspace; a new crate shall not, wherever it is made.
const NO_WORKSPACE: &str = "\n# Not a part of a workspace around it.\n[workspace]\n";
const IGNORED_OF_RUST: &str = "/target\n";
const IGNORED_OF_PYTHON: &str = "__pycache__/\n*.egg-info/\n/build/\n";

/// What replaces the names in the examples.
pub(super) struct Names {
    /// Key of the section.
    pub(super) channel: String,
    /// Folder of the SDK, where it is needed.
    pub(super) sources: Option<String>,
}

/// A file of the new plugin.
#[derive(Debug, PartialEq)]
pub(super) struct TemplateFile {
    /// From the plugin's folder.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) is_program: bool,
}

impl Names {
    /// Name of the package and of the program.
    pub(super) fn distribution(&self) -> String {
        format!("nanobot-channel-{}", self.channel)
    }

    /// Name of the Python module.
    pub(super) fn module(&self) -> String {
        self.distribution().replace('-', "_")
    }

    /// Name for people: each word with a capital letter.
    fn display(&self) -> String {
        let capital = |word: &str| match word.split_at_checked(1) {
            Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
            None => String::new(),
        };
        let words = self.channel.split(['-', '_']).filter(|word| !word.is_empty());
        words.map(capital).collect::<Vec<_>>().join(" ")
    }

    /// Puts these names in place of an example's.
    fn put_into(&self, text: &str, example: &str) -> String {
        let old = Names { channel: example.to_owned(), sources: None };
        // In two rounds, as a new name may hold an old one.
        text.replace(&old.module(), "\u{1}")
            .replace(&old.display(), "\u{2}")
            .replace(example, "\u{3}")
            .replace('\u{1}', &self.module())
            .replace('\u{2}', &self.display())
            .replace('\u{3}', &self.channel)
    }
}

/// The files of a new plugin.
pub(super) fn files(language: Language, names: &Names) -> Vec<TemplateFile> {
    let (example, word) = match language {
        Language::Rust => (RUST, "parley"),
        Language::Python => (PYTHON, "parley"),
        Language::Script => (SCRIPT, "echo"),
    };
    let mut files: Vec<_> = example
        .iter()
        .map(|(path, text)| TemplateFile {
            path: names.put_into(path, word),
            text: names.put_into(text, word),
            is_program: text.starts_with("#!"),
        })
        .collect();
    match language {
        Language::Rust => {
            settle_manifest(&mut files[0].text, names);
            files.push(ignored(IGNORED_OF_RUST));
        }
        Language::Python => files.push(ignored(IGNORED_OF_PYTHON)),
        Language::Script => {}
    }
    files
}

/// Lets the manifest stand alone.
fn settle_manifest(manifest: &mut String, names: &Names) {
    // A text of JSON is one of TOML.
    let sdk = serde_json::Value::from(names.sources.as_deref().unwrap_or_default());
    *manifest = manifest.replace(SDK_OF_EXAMPLES, &sdk.to_string()) + NO_WORKSPACE;
}

fn ignored(text: &str) -> TemplateFile {
    TemplateFile { path: ".gitignore".to_owned(), text: text.to_owned(), is_program: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_examples_name_is_left() {
        for language in [Language::Rust, Language::Python, Language::Script] {
            let names =
                Names { channel: "my-chat_2".to_owned(), sources: Some("/src/sdk".to_owned()) };
            let files = files(language, &names);
            for file in &files {
                let text = format!("{} {}", file.path, file.text).to_lowercase();
                assert!(!text.contains("parley") && !text.contains("echo"), "{file:?}");
                assert!(!text.contains("../"), "it leads out of the new folder: {file:?}");
            }
            let all: String = files.iter().map(|file| file.text.as_str()).collect();
            assert!(all.contains("\"My Chat 2\""), "{language:?}");
            let programs = files.iter().filter(|file| file.is_program).count();
            assert_eq!(programs, usize::from(language == Language::Script));
        }
    }

    #[test]
    fn a_name_may_hold_that_of_the_example() {
        let names = Names { channel: "my-parley".to_owned(), sources: None };
        let files = files(Language::Python, &names);
        assert_eq!(files[2].path, "nanobot_channel_my_parley/__init__.py");
        assert!(
            files[0].text.contains("\nmy-parley = \"nanobot_channel_my_parley:LineChannel\"\n")
        );
    }

    #[test]
    fn a_new_crate_finds_the_sdk_and_belongs_to_no_workspace() {
        let names = Names { channel: "x".to_owned(), sources: Some("/a \"b\"/sdk".to_owned()) };
        let manifest = &files(Language::Rust, &names)[0];
        assert_eq!(manifest.path, "Cargo.toml");
        assert!(manifest.text.contains(r#"nanobot-plugin = { path = "/a \"b\"/sdk" }"#));
        assert!(manifest.text.ends_with("\n[workspace]\n"));
    }
}
