use nanobot_agent::Agent;
use nanobot_config::Config;

use crate::instance::Instance;
use crate::output;

/// Says what a person does next.
pub(super) fn tell(instance: &Instance, config: &Config) -> anyhow::Result<()> {
    output::line("\n🐈 nanobot is ready!\n\nNext steps:")?;
    let mut steps = Vec::new();
    if Agent::new(instance.agent_settings(config)).describe_model().offline {
        steps.push(format!(
            "Choose a model in {}: set `agents.defaults.model` and the `apiKey` of its provider\n     \
             (without one, a built-in model answers that only repeats what you write)",
            instance.paths.config_file.display()
        ));
    }
    steps.push(format!("Start the gateway: `{}`", instance.command("gateway")));
    steps.push(format!("Or chat here: `{}`", instance.command("agent -m \"Hello!\"")));
    for (number, step) in (1..).zip(steps) {
        output::line(format_args!("  {number}. {step}"))?;
    }
    output::line(format_args!(
        "\nTo talk to it on a chat platform, set `enabled` and `allowFrom` in the section of its channel;\n\
         `{}` shows which there are.",
        instance.command("plugins list")
    ))?;
    Ok(())
}
