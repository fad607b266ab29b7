//! All channels there are: the built-in ones and the installed plugins.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use nanobot_channel::{Channel, ChannelError, Description};
use nanobot_config::{Config, Plugins};
use nanobot_plugin_host::{
    DescriptionCache, DiscoveredPlugin, Discovery, Places, PluginCommand, ProcessChannel,
    PythonPlaces, Sandbox, Shadow, Timeouts, discover,
};
use serde_json::{Map, Value};

use crate::channels::chat_page::{self, ChatPage};
use crate::channels::{self, BUILT_INS, BuiltIn, isolated};
use crate::confinement;
use crate::guess;
use crate::instance::Instance;
use crate::output;

/// All channels there are, in the order of their names.
pub(crate) struct Catalog {
    pub(crate) entries: Vec<Entry>,
    /// Plugins whose name something else has.
    pub(crate) shadowed: Vec<DiscoveredPlugin>,
    /// Where plugins were looked for.
    pub(crate) places: Places,
    /// What a person should know about places that could not be used.
    notes: Vec<String>,
    cache: DescriptionCache,
}

/// One channel.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) provider: Provider,
}

/// What provides a channel.
#[derive(Clone)]
pub(crate) enum Provider {
    BuiltIn(&'static BuiltIn),
    /// A built-in channel that the config wants in a process of its own.
    Isolated(&'static BuiltIn, Box<PluginCommand>),
    Plugin(Box<DiscoveredPlugin>),
}

impl Catalog {
    /// Looks for all channels; starts none.
    pub(crate) fn find(instance: &Instance) -> Self {
        let config = section(instance);
        Self::find_by(&config, instance)
    }

    /// The same, by what a config says that was read before: the file may have become unusable since.
    pub(crate) fn find_by(config: &Plugins, instance: &Instance) -> Self {
        let places = places_for(instance, config);
        let Discovery { plugins, mut notes } = discover(&places, &channels::names());
        let (shadowed, plugins): (Vec<_>, Vec<_>) =
            plugins.into_iter().partition(|plugin| plugin.shadowed_by.is_some());
        notes.extend(isolated::notes(config));
        let sandbox = |name: &str| confinement::sandbox(config, instance, name);
        let built_in = BUILT_INS.iter().map(|built_in| match provider(built_in, config, sandbox) {
            Ok(provider) => Entry { name: built_in.name.to_owned(), provider },
            Err(note) => {
                notes.push(note);
                Entry::from(built_in)
            }
        });
        let mut entries: Vec<_> = built_in.collect();
        let plugins = plugins.into_iter().map(|plugin| {
            let sandbox = sandbox(&plugin.name);
            Entry::from(plugin.confined(sandbox))
        });
        entries.extend(plugins);
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        let processes = entries.iter().filter(|entry| entry.has_process());
        let processes: Vec<&str> = processes.map(|entry| entry.name.as_str()).collect();
        notes.extend(confinement::notes(config, &instance.home, &processes));
        let cache = DescriptionCache::new(&instance.paths.cache_dir());
        Self { entries, shadowed, places, notes, cache }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The name that was most likely meant.
    pub(crate) fn closest(&self, typed: &str) -> Option<&str> {
        guess::closest(typed, self.names())
    }

    /// Which plugins and places are left out, and why.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = String> {
        self.shadowed.iter().filter_map(shadow_note).chain(self.notes.iter().cloned())
    }

    /// Says it on stderr.
    pub(crate) fn tell_left_out(&self) {
        self.left_out().for_each(output::warning);
    }

    /// Says on stderr why a plugin is left out, if it is.
    pub(crate) fn tell_shadow(&self, plugin: &DiscoveredPlugin) {
        let same = self.shadowed.iter().filter(|other| other.source == plugin.source);
        same.filter_map(shadow_note).for_each(output::warning);
    }

    /// What a channel says of itself. A plugin is asked if it was not before, or has changed since.
    pub(crate) async fn describe(&self, entry: &Entry) -> Result<Description, ChannelError> {
        match &entry.provider {
            Provider::BuiltIn(built_in) | Provider::Isolated(built_in, _) => {
                Ok((built_in.describe)())
            }
            Provider::Plugin(plugin) => self.cache.describe(&plugin.command(), &patience()).await,
        }
    }

    async fn describe_or_recall(&self, entry: &Entry) -> Result<Description, ChannelError> {
        match &entry.provider {
            Provider::BuiltIn(built_in) | Provider::Isolated(built_in, _) => {
                Ok((built_in.describe)())
            }
            Provider::Plugin(plugin) => {
                self.cache.describe_or_recall(&plugin.command(), &patience()).await
            }
        }
    }

    /// What all channels say of themselves, in the order of the entries, for a listing. Only some are
    /// asked at once: each has a time within which to answer, and starting an interpreter keeps a
    /// processor busy. Those that failed a moment ago are not asked again.
    pub(crate) async fn describe_all(&self) -> Vec<Result<Description, ChannelError>> {
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let asking = self.entries.iter().map(|entry| self.describe_or_recall(entry));
        stream::iter(asking).buffered(at_once).collect().await
    }
}

impl Entry {
    /// The word for what provides the channel.
    pub(crate) fn source(&self) -> &'static str {
        match &self.provider {
            Provider::BuiltIn(_) | Provider::Isolated(..) => "builtin",
            Provider::Plugin(_) => "plugin",
        }
    }

    /// Where the plugin is.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match &self.provider {
            Provider::BuiltIn(_) | Provider::Isolated(..) => None,
            Provider::Plugin(plugin) => Some(plugin.source.program().to_owned()),
        }
    }

    /// Whether the channel runs in a process of its own.
    pub(crate) fn has_process(&self) -> bool {
        !matches!(self.provider, Provider::BuiltIn(_))
    }

    /// How its process is started, if it has one.
    pub(crate) fn command(&self) -> Option<PluginCommand> {
        match &self.provider {
            Provider::BuiltIn(_) => None,
            Provider::Isolated(_, command) => Some((**command).clone()),
            Provider::Plugin(plugin) => Some(plugin.command()),
        }
    }

    /// Makes the channel from its section.
    ///
    /// # Errors
    ///
    /// Kind `Invalid` for a section that cannot work. One that runs as a process says so later.
    pub(crate) fn build(
        &self,
        section: Map<String, Value>,
    ) -> Result<Arc<dyn Channel>, ChannelError> {
        let command = match &self.provider {
            Provider::BuiltIn(built_in) => return (built_in.build)(section),
            Provider::Isolated(_, command) => (**command).clone(),
            Provider::Plugin(plugin) => plugin.command(),
        };
        Ok(Arc::new(ProcessChannel::new(command, section, Timeouts::default())))
    }

    /// Whether the gateway runs the channel.
    pub(crate) fn is_enabled(&self, config: &Config) -> bool {
        if self.name == chat_page::NAME {
            return ChatPage::of(config) == ChatPage::On;
        }
        let section = config.channels.sections.get(&self.name);
        section.is_some_and(nanobot_config::ChannelSection::is_enabled)
    }
}

impl From<&'static BuiltIn> for Entry {
    fn from(built_in: &'static BuiltIn) -> Self {
        Self { name: built_in.name.to_owned(), provider: Provider::BuiltIn(built_in) }
    }
}

impl From<DiscoveredPlugin> for Entry {
    fn from(plugin: DiscoveredPlugin) -> Self {
        Self { name: plugin.name.clone(), provider: Provider::Plugin(Box::new(plugin)) }
    }
}

/// How long a plugin may take to say what it is; less than a running one gets, since a person waits.
fn patience() -> Timeouts {
    Timeouts {
        initialize: Duration::from_secs(10),
        shutdown_grace: Duration::from_secs(2),
        terminate: Duration::from_secs(1),
        ..Timeouts::default()
    }
}

/// Where plugins are looked for.
pub(crate) fn places(instance: &Instance) -> Places {
    places_for(instance, &section(instance))
}

fn places_for(instance: &Instance, config: &Plugins) -> Places {
    Places {
        data_dir: instance.paths.data_dir.clone(),
        path: std::env::var_os("PATH"),
        python: PythonPlaces::of_process(config.python.clone(), &instance.home),
    }
}

/// What the config says of plugins. With a config that cannot be read, the usual.
fn section(instance: &Instance) -> Plugins {
    instance.load().map(|loaded| loaded.config.plugins).unwrap_or_default()
}

/// How a built-in channel runs; or why it does not run in the way that is wanted.
fn provider(
    built_in: &'static BuiltIn,
    config: &Plugins,
    sandbox: impl Fn(&str) -> Sandbox,
) -> Result<Provider, String> {
    if !isolated::is_wanted(built_in, config) {
        return Ok(Provider::BuiltIn(built_in));
    }
    let command = isolated::command(built_in.name);
    let confined = |it: PluginCommand| Box::new(it.confined(sandbox(built_in.name)));
    command.map(|command| Provider::Isolated(built_in, confined(command))).map_err(|error| {
        format!("{} runs inside the gateway, for this program is not found: {error}", built_in.name)
    })
}

fn shadow_note(plugin: &DiscoveredPlugin) -> Option<String> {
    let by = match plugin.shadowed_by.as_ref()? {
        Shadow::BuiltIn => "the built-in channel of that name".to_owned(),
        Shadow::Plugin(source) => source.to_string(),
    };
    let DiscoveredPlugin { name, source, .. } = plugin;
    Some(format!("plugin {name} at {source} is not used: {by} comes first"))
}
