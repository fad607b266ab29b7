//! A wheel that only points to the folder of a package, made by ourselves: for packages whose build
//! backend cannot make one.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::InstallError;
use super::project::Project;
use crate::wheel::Wheel;

/// Makes the wheel from what the project file says.
pub(super) fn wheel(project: &Project, folder: &Path) -> Result<Wheel, InstallError> {
    let word = |key: &str| {
        let value = project.field(key).and_then(Value::as_str);
        value.ok_or_else(|| project.error(format!("`project.{key}` is not given as text")))
    };
    let (name, version) = (word("name")?, word("version")?);
    let entry_points = entry_points(project);
    let mut wheel = Wheel::new(name, version)
        .file(&format!("__editable__.{name}.pth"), pointer(project, folder)?)
        .metadata_file("entry_points.txt", entry_points);
    if let Some(versions) = project.field("requires-python").and_then(Value::as_str) {
        wheel = wheel.requires_python(versions);
    }
    for dependency in texts(project.field("dependencies")) {
        wheel = wheel.requires(dependency);
    }
    let extras = project.field("optional-dependencies").and_then(Value::as_table);
    Ok(extras.into_iter().flatten().fold(wheel, with_extra))
}

fn with_extra(wheel: Wheel, (extra, dependencies): (&String, &Value)) -> Wheel {
    let wheel = wheel.header("Provides-Extra", extra);
    texts(Some(dependencies)).fold(wheel, |wheel, dependency| {
        let condition = format!("extra == \"{extra}\"");
        match dependency.split_once(';') {
            Some((what, when)) => wheel.requires(&format!("{what}; ({when}) and {condition}")),
            None => wheel.requires(&format!("{dependency} ; {condition}")),
        }
    })
}

/// The line that makes Python look into the folder.
fn pointer(project: &Project, folder: &Path) -> Result<String, InstallError> {
    let root = source_root(project, folder);
    let root = root.to_str().ok_or_else(|| project.error("its path is not Unicode"))?;
    Ok(format!("{root}\n"))
}

/// The folder that holds the module of the first channel.
fn source_root(project: &Project, folder: &Path) -> PathBuf {
    let channels = project.field("entry-points").and_then(|groups| groups.get("nanobot.channels"));
    let value =
        channels.and_then(Value::as_table).and_then(|table| table.values().next()?.as_str());
    let top = value.and_then(|value| value.split(['.', ':']).next()).unwrap_or_default();
    let holds = |root: &Path| root.join(top).is_dir() || root.join(format!("{top}.py")).is_file();
    let below = folder.join("src");
    if !top.is_empty() && !holds(folder) && holds(&below) { below } else { folder.to_owned() }
}

fn entry_points(project: &Project) -> String {
    let mut text = String::new();
    let scripts = [("scripts", "console_scripts"), ("gui-scripts", "gui_scripts")];
    for (key, group) in scripts {
        add_group(&mut text, group, project.field(key).and_then(Value::as_table));
    }
    let groups = project.field("entry-points").and_then(Value::as_table);
    for (group, entries) in groups.into_iter().flatten() {
        add_group(&mut text, group, entries.as_table());
    }
    text
}

fn add_group(text: &mut String, group: &str, entries: Option<&Table>) {
    let Some(entries) = entries else {
        return;
    };
    writeln!(text, "[{group}]").expect("writing to a string cannot fail");
    for (name, value) in entries {
        let value = value.as_str().unwrap_or_default();
        writeln!(text, "{name} = {value}").expect("writing to a string cannot fail");
    }
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
