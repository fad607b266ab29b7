use std::path::Path;

use serde_json::{Value, json};

use super::template::Names;
use crate::cli::Language;
use crate::instance::Instance;
use crate::output::{self, STRONG, styled};

/// Says how it goes on: the three steps, and what to write into the config.
pub(super) fn tell(
    instance: &Instance,
    language: Language,
    names: &Names,
    folder: &Path,
) -> anyhow::Result<()> {
    let steps = steps(instance, language, names);
    output::line(format_args!("\nThree steps, in {}:", folder.display()))?;
    for (number, (title, lines)) in (1..).zip(steps) {
        output::line(format_args!("  {number}. {}", styled(title, STRONG)))?;
        for line in lines {
            output::line(format_args!("     {line}"))?;
        }
    }
    output::line(format_args!("\nIn {}:", instance.paths.config_file.display()))?;
    output::json(&section(language, &names.channel))?;
    output::line(format_args!(
        "Then start `{}`. README.md says how to talk to it.",
        instance.command("gateway")
    ))?;
    Ok(())
}

/// Lets a test take any port.
const FREE_PORT: &str = "--section '{\"port\": 0}'";

type Step = (&'static str, Vec<String>);

fn steps(instance: &Instance, language: Language, names: &Names) -> [Step; 3] {
    let (program, channel) = (names.distribution(), &names.channel);
    let ours = |words: &str| format!("`{}`", instance.command(words));
    let [implement, package, install] = match language {
        Language::Rust => [
            vec!["change src/main.rs, and try it: `cargo test`".to_owned()],
            vec![
                "`cargo build`".to_owned(),
                format!("`nanobot plugins test ./target/debug/{program} {FREE_PORT}`"),
            ],
            vec![ours("plugins install .")],
        ],
        Language::Python => [
            vec![
                format!("change {}/channel.py", names.module()),
                "README.md says how to run its tests".to_owned(),
            ],
            vec!["pyproject.toml is all there is to it".to_owned()],
            vec![
                ours("plugins install -e ."),
                ours(&format!("plugins test {channel} {FREE_PORT}")),
            ],
        ],
        Language::Script => [
            vec![format!("change {program}, and try it: `nanobot plugins test ./{program}`")],
            vec!["the file is the package; keep its name, and keep it executable".to_owned()],
            vec![ours(&format!("plugins install ./{program}"))],
        ],
    };
    [("Implement", implement), ("Package", package), ("Install", install)]
}

fn section(language: Language, channel: &str) -> Value {
    let own = match language {
        Language::Rust | Language::Python => json!({
            "enabled": true, "port": 9000, "allowFrom": ["ada"]
        }),
        Language::Script => json!({"enabled": true, "allowFrom": ["ada"]}),
    };
    json!({"channels": {channel: own}})
}
