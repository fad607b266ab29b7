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

/// A world with an environment that holds our distribution and these modules, each a package with a
/// channel `Channel` under its own name.
pub(crate) fn environment_with(modules: &[(&str, &str)]) -> World {
    let mut world = World::new();
    let distribution = world.distribution();
    world.pip_install("venv", &[distribution.to_str().unwrap()]);
    let site = std::fs::read_dir(world.path("venv/lib")).unwrap().next().unwrap().unwrap().path();
    let site = site.join("site-packages");
    let site = site.strip_prefix(world.path("")).unwrap().to_str().unwrap();
    for (name, source) in modules {
        world.file(&format!("{site}/{name}.py"), source);
        let metadata = format!("{site}/{name}-1.0.dist-info");
        world.file(&format!("{metadata}/METADATA"), &format!("Name: {name}\nVersion: 1.0\n"));
        let entry_points = format!("[nanobot.channels]\n{name} = {name}:Channel\n");
        world.file(&format!("{metadata}/entry_points.txt"), &entry_points);
    }
    let folder = world.path("venv").to_str().unwrap().to_owned();
    world.set("VIRTUAL_ENV", folder);
    world
}
