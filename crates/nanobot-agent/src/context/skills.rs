//! Skills: instructions in files that a model reads when it needs them.
//!
//! A skill is a folder with a file `SKILL.md` that begins with front matter. Those of the workspace
//! come first, and take the place of bundled ones of the same name.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Folder of the workspace with the skills.
const FOLDER: &str = "skills";
const FILE: &str = "SKILL.md";
/// Beginning of the path of a bundled skill, which is no file.
const BUNDLED_PREFIX: &str = "skills:";
/// Skills that are looked at.
const MAX_SKILLS: usize = 200;
/// Longest description in the list.
const MAX_DESCRIPTION_CHARS: usize = 500;

/// Skills that come with the program.
const BUNDLED: [(&str, &str); 5] = [
    ("memory", include_str!("bundled/memory.md")),
    ("skill-creator", include_str!("bundled/skill-creator.md")),
    ("summarize", include_str!("bundled/summarize.md")),
    ("github", include_str!("bundled/github.md")),
    ("weather", include_str!("bundled/weather.md")),
];

/// The text of a bundled skill, by the path that the model is told.
pub(crate) fn bundled_skill(path: &str) -> Option<&'static str> {
    let name = path.trim().strip_prefix(BUNDLED_PREFIX)?;
    BUNDLED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Paths of the skills of a workspace, in the order of their names.
pub(super) fn skill_files(workspace: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(workspace.join(FOLDER)).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path().join(FILE))
        .filter(|file| file.is_file())
        .take(MAX_SKILLS)
        .collect();
    files.sort();
    files
}

/// The part of the instructions about skills; `own` are the files of the workspace with their
/// texts.
pub(super) fn describe(own: &[(PathBuf, String)]) -> String {
    let mut skills: Vec<Skill> =
        own.iter().map(|(path, text)| Skill::of_file(path, text)).collect();
    for (name, text) in BUNDLED {
        if !skills.iter().any(|skill| skill.name == name) {
            skills.push(Skill::read(name, format!("{BUNDLED_PREFIX}{name}"), text));
        }
    }
    let mut out = String::new();
    let is_active = |skill: &&Skill| skill.is_always && skill.missing.is_empty();
    for skill in skills.iter().filter(is_active) {
        out.push_str(&format!("\n# Skill: {}\n\n{}\n", skill.name, skill.body.trim()));
    }
    let rest: Vec<String> =
        skills.iter().filter(|skill| !is_active(skill)).map(Skill::line).collect();
    if !rest.is_empty() {
        out.push_str(
            "\n# Skills\n\nRead the file of a skill with read_file before you do what it is for.\n\n",
        );
        out.push_str(&rest.join("\n"));
        out.push('\n');
    }
    out
}

/// One skill.
#[derive(Debug, PartialEq, Eq)]
struct Skill {
    name: String,
    description: String,
    location: String,
    is_always: bool,
    /// Programs and variables that it needs and this machine does not have.
    missing: Vec<String>,
    body: String,
}

impl Skill {
    fn of_file(path: &Path, text: &str) -> Self {
        let folder = path.parent().and_then(Path::file_name).and_then(OsStr::to_str);
        Self::read(folder.unwrap_or_default(), path.display().to_string(), text)
    }

    /// Reads the front matter. A skill without one has the name of its folder.
    fn read(name: &str, location: String, text: &str) -> Self {
        let (matter, body) = split(text);
        let fields = fields(matter);
        let field = |wanted: &str| {
            let found = fields.iter().find(|(key, _)| key == wanted);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let metadata: Value =
            field("metadata").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let ours = ["nanobot", "openclaw"].iter().find_map(|key| metadata.get(key));
        let ours = ours.unwrap_or(&Value::Null);
        Self {
            name: name.to_owned(),
            description: field("description").unwrap_or(name).to_owned(),
            location,
            is_always: ours["always"] == true || field("always") == Some("true"),
            missing: missing(&ours["requires"]),
            body: body.to_owned(),
        }
    }

    fn line(&self) -> String {
        let description: String = self.description.chars().take(MAX_DESCRIPTION_CHARS).collect();
        let mut line = format!("- {}: {description} ({})", self.name, self.location);
        if !self.missing.is_empty() {
            line.push_str(&format!(" [not usable, missing: {}]", self.missing.join(", ")));
        }
        line
    }
}

/// Splits a text into front matter and body.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches('\u{feff}');
    let Some(rest) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else {
        return ("", text);
    };
    let mut place = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return (&rest[..place], &rest[place + line.len()..]);
        }
        place += line.len();
    }
    ("", text)
}

/// Fields of the front matter. Of YAML only what skills use is read: `key: value`, with or without
/// quotes, and values that go on in indented lines.
fn fields(matter: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in matter.lines() {
        let is_continued = line.starts_with([' ', '\t']);
        if let Some((_, value)) = fields.last_mut().filter(|_| is_continued) {
            if !value.is_empty() {
                value.push(' ');
            }
            value.push_str(line.trim());
        } else if let Some((key, value)) = line.split_once(':') {
            let value = value.trim();
            let is_mark = [">", "|", ">-", "|-"].contains(&value);
            let value = if is_mark { "" } else { value };
            fields.push((key.trim().to_owned(), value.to_owned()));
        }
    }
    for (_, value) in &mut fields {
        let unquoted = ['"', '\''].iter().find_map(|quote| {
            value.strip_prefix(*quote).and_then(|value| value.strip_suffix(*quote))
        });
        if let Some(unquoted) = unquoted {
            *value = unquoted.to_owned();
        }
    }
    fields
}

/// What of the requirements this machine does not have.
fn missing(requires: &Value) -> Vec<String> {
    let names = |key: &str| {
        let names = requires[key].as_array().into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let programs = names("bins").into_iter().filter(|name| !is_installed(name));
    let is_set = |name: &String| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    programs.chain(names("env").into_iter().filter(|name| !is_set(name))).collect()
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str, text: &str) -> (PathBuf, String) {
        (PathBuf::from(format!("/home/ada/skills/{name}/SKILL.md")), text.to_owned())
    }

    #[test]
    fn front_matter_of_the_original_is_understood() {
        let text = "---\nname: tea\ndescription: \"Makes tea: green\"\n\
            metadata: {\"nanobot\":{\"emoji\":\"t\",\"always\":true,\"requires\":{\"bins\":[\"sh\",\"no-such-kettle\"]}}}\n---\n\n# Tea\n";
        let expected = Skill {
            name: "tea".to_owned(),
            description: "Makes tea: green".to_owned(),
            location: "here".to_owned(),
            is_always: true,
            missing: vec!["no-such-kettle".to_owned()],
            body: "\n# Tea\n".to_owned(),
        };
        assert_eq!(Skill::read("tea", "here".to_owned(), text), expected);
    }

    #[test]
    fn values_in_several_lines_and_texts_without_front_matter_are_understood() {
        let text = "---\r\ndescription: >\r\n  Makes\r\n  tea\r\nalways: true\r\n---\r\nBody";
        let skill = Skill::read("tea", String::new(), text);
        assert_eq!((skill.description.as_str(), skill.is_always), ("Makes tea", true));
        assert_eq!(skill.body, "Body");
        let plain = Skill::read("tea", String::new(), "---\nno end");
        assert_eq!((plain.description.as_str(), plain.body.as_str()), ("tea", "---\nno end"));
    }

    #[test]
    fn active_skills_stand_whole_and_others_in_a_list() {
        let text = describe(&[
            own("one", "---\ndescription: First\nalways: true\n---\nDo this."),
            own(
                "two",
                "---\ndescription: Second\nmetadata: {\"nanobot\":{\"requires\":{\"env\":[\"NO_SUCH_VARIABLE\"]}}}\n---\nHidden.",
            ),
            own("weather", "---\ndescription: My own weather\n---\n"),
        ]);
        assert!(text.contains("# Skill: one\n\nDo this.\n"), "{text}");
        let listed =
            "- two: Second (/home/ada/skills/two/SKILL.md) [not usable, missing: NO_SUCH_VARIABLE]";
        assert!(text.contains(listed), "{text}");
        assert!(text.contains("- weather: My own weather (/home/ada/"), "{text}");
        assert!(!text.contains("skills:weather") && !text.contains("Hidden."), "{text}");
    }

    #[test]
    fn each_bundled_skill_is_valid_and_can_be_read() {
        for (name, text) in BUNDLED {
            let skill = Skill::read(name, String::new(), text);
            assert_ne!(skill.description, name, "{name} has no description");
            assert_eq!(bundled_skill(&format!("skills:{name}")), Some(text));
        }
        assert_eq!(bundled_skill("skills:nobody"), None);
    }
}
