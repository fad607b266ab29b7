//! Packages to be installed, without requirements of their own but nanobot.

use std::path::PathBuf;

use crate::world::World;

/// The build backend that the guide of the Python program names, and no setuptools has.
pub(crate) const GUIDE_BACKEND: &str = "setuptools.backends._legacy:_Backend";
pub(crate) const BACKEND: &str = "setuptools.build_meta";

/// A folder with a package that provides one channel.
pub(crate) fn package(world: &World, channel: &str, backend: &str, requires: &str) -> PathBuf {
    let module = format!("nanobot_channel_{channel}");
    let folder = format!("nanobot-channel-{channel}");
    world.file(&format!("{folder}/{module}/__init__.py"), &source("Parrot"));
    let project = format!(
        "[project]\nname = \"{folder}\"\nversion = \"0.3.0\"\ndependencies = [{requires}]\n\n\
         [project.entry-points.\"nanobot.channels\"]\n{channel} = \"{module}:Parrot\"\n\n\
         [build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"{backend}\"\n"
    );
    let project = world.file(&format!("{folder}/pyproject.toml"), &project);
    project.parent().unwrap().to_owned()
}

/// The source of a channel that calls itself so.
pub(crate) fn source(display_name: &str) -> String {
    format!(
        r#"
from nanobot.channels.base import BaseChannel


class Parrot(BaseChannel):
    name = "parrot"
    display_name = "{display_name}"

    async def start(self):
        pass

    async def stop(self):
        pass

    async def send(self, msg):
        pass
"#
    )
}
