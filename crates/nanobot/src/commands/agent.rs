#[cfg(unix)]
mod consent;
mod conversation;
mod editor;
mod markdown;
mod once;
mod repl;
mod speech;
mod spinner;

use nanobot_agent::Agent;
use tracing::level_filters::LevelFilter;

use crate::cli::AgentArgs;
use crate::exit::Outcome;
use crate::instance::{Instance, tell_warnings};
use crate::session_memory::SessionMemory;
use crate::{logging, runtime};
use conversation::Conversation;
use speech::Style;

pub(crate) fn run(args: AgentArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::new(args.instance)?;
    let level = if args.logs { LevelFilter::INFO } else { logging::QUIET };
    logging::start(&instance.environment, level)?;
    let loaded = instance.load()?;
    tell_warnings(loaded.file.path(), &loaded.config.warnings);
    let agent = Agent::new(instance.agent_settings(&loaded.config));
    let style = Style::of_terminal(args.no_markdown);
    let runtime = runtime::single_threaded()?;
    let memory = SessionMemory::new(&instance, conversation::CHANNEL, &args.session);
    let mut conversation = runtime.block_on(Conversation::open(agent, memory, &args.session))?;
    match args.message {
        Some(text) => once::ask(&runtime, &mut conversation, &text, style),
        None => repl::run(&runtime, &mut conversation, style, &instance.paths),
    }
}
