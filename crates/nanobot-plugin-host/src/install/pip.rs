use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use super::project::{self, Project};
use super::slot::Slot;
use super::{InstallError, Progress, Request, Spec, editable, output, python};
use crate::carried;
use crate::plugins_dir::PluginsDir;
use crate::python::{Interpreter, Keeper, find_in, on_path};
use crate::{DiscoveredPlugin, Places};

/// Installs a Python package into a new environment.
pub(super) async fn install(
    places: &Places,
    plugins_dir: &PluginsDir,
    request: &Request,
    progress: &mut dyn Progress,
) -> Result<Vec<DiscoveredPlugin>, InstallError> {
    let name = request.spec.distribution();
    let slot = Slot::new(&plugins_dir.environments(), &name);
    if slot.is_taken() && !request.replaces {
        return Err(InstallError::AlreadyInstalled(name));
    }
    let work = tempfile::tempdir().map_err(InstallError::files("cannot make a folder"))?;
    let wanted = wanted(request, &work, progress)?;
    let wheels = plugins_dir.carried().wheels();
    let wheels = wheels.map_err(InstallError::files("cannot unpack our own distribution"))?;
    let fresh = slot.fresh().map_err(InstallError::files("cannot make the plugin's folder"))?;
    let tools = Tools::make(places, &fresh.path, progress).await?;
    progress.step(&format!("Installing {name} and what it requires"));
    let mut command = tools.install_command();
    // Named here they are the only candidates: no index is asked for them, whatever requires them.
    command.args(&wheels).args(&wanted);
    constrain_builds(&mut command, &wheels, work.path())?;
    output::run(&format!("installing {name}"), command, progress).await?;
    check(&plugins_at(&fresh.path, places, plugins_dir), &name)?;
    let kept = fresh.keep().map_err(InstallError::files("cannot put the plugin in its place"))?;
    Ok(plugins_at(&kept, places, plugins_dir))
}

/// Sees to it that what builds a package gets ours, too: builds happen in environments of their own.
fn constrain_builds(
    command: &mut Command,
    wheels: &[PathBuf],
    work: &Path,
) -> Result<(), InstallError> {
    let lines = wheels.iter().zip(carried::NAMES);
    let lines: String =
        lines.map(|(wheel, name)| format!("{name} @ {}\n", carried::address(wheel))).collect();
    let file = work.join("constraints.txt");
    std::fs::write(&file, lines).map_err(InstallError::files("cannot write constraints"))?;
    // The first for pip before 25.3; the user may have constraints there already.
    let mut constraints = std::env::var_os("PIP_CONSTRAINT").unwrap_or_default();
    constraints.push(" ");
    constraints.push(&file);
    command.env("PIP_CONSTRAINT", constraints);
    command.env("PIP_BUILD_CONSTRAINT", &file).env("UV_BUILD_CONSTRAINT", &file);
    Ok(())
}

/// The installer's arguments for the package itself.
fn wanted(
    request: &Request,
    work: &TempDir,
    progress: &mut dyn Progress,
) -> Result<Vec<OsString>, InstallError> {
    let folder = match &request.spec {
        Spec::Requirement(typed) => return Ok(vec![typed.into()]),
        Spec::Folder(folder) => folder,
        Spec::Archive(path) | Spec::Program(path) | Spec::Crate(path) => {
            return Ok(vec![path.into()]);
        }
    };
    let project = Project::read(folder)?;
    let note = project.as_ref().and_then(|project| Some((project, project.backend_note()?)));
    if let Some((project, (text, hint))) = note {
        progress.note(&text, &hint);
        return Ok(vec![stand_in(project, folder, work, request.is_editable)?.into()]);
    }
    let flag = request.is_editable.then(|| "-e".into());
    Ok(flag.into_iter().chain([folder.into()]).collect())
}

/// What is installed in place of a folder that no installer can install.
fn stand_in(
    project: &Project,
    folder: &Path,
    work: &TempDir,
    is_editable: bool,
) -> Result<PathBuf, InstallError> {
    if is_editable {
        let wheel = editable::wheel(project, folder)?;
        return wheel.write_to(work.path()).map_err(InstallError::files("cannot write a wheel"));
    }
    let copy = work.path().join("package");
    project::copy(folder, &copy)
        .and_then(|()| std::fs::write(copy.join("pyproject.toml"), project.mended()))
        .map_err(InstallError::files(format!("cannot copy {}", folder.display())))?;
    Ok(copy)
}

fn plugins_at(
    environment: &Path,
    places: &Places,
    plugins_dir: &PluginsDir,
) -> Vec<DiscoveredPlugin> {
    let home = places.python.home.as_deref();
    let interpreter = Interpreter::at(environment, home, Keeper::Nanobot);
    interpreter.map(|interpreter| find_in(&interpreter, plugins_dir)).unwrap_or_default()
}

fn check(plugins: &[DiscoveredPlugin], name: &str) -> Result<(), InstallError> {
    if plugins.is_empty() {
        return Err(InstallError::NoChannel(name.to_owned()));
    }
    match plugins.iter().find_map(|plugin| Some((plugin, plugin.command().obstacle?))) {
        Some((plugin, obstacle)) => {
            Err(InstallError::Unusable { name: plugin.name.clone(), reason: obstacle.reason })
        }
        None => Ok(()),
    }
}

/// What installs into an environment.
enum Tools {
    Uv { uv: PathBuf, environment: PathBuf },
    Pip { python: PathBuf },
}

impl Tools {
    /// Makes an environment, with uv if it is there: it takes a tenth of the time.
    async fn make(
        places: &Places,
        environment: &Path,
        progress: &mut dyn Progress,
    ) -> Result<Self, InstallError> {
        let base = python::base(places, progress).await;
        let uv = on_path("uv", places.path.as_deref());
        let version = base.as_ref().map_or("3.11 or newer", |base| &base.version);
        progress.step(&format!("Creating an environment with Python {version}"));
        let mut command = match (&uv, &base) {
            (Some(uv), base) => {
                let mut command = python::command(uv);
                let newest = Path::new(">=3.11");
                command.args(["venv", "--no-project", "--python"]);
                command.arg(base.as_ref().map_or(newest, |base| &base.program));
                command
            }
            (None, Some(base)) => {
                let mut command = python::command(&base.program);
                command.args(["-m", "venv"]);
                command
            }
            (None, None) => return Err(InstallError::NoPython),
        };
        command.arg(environment);
        output::run("creating the environment", command, progress).await?;
        let environment = environment.to_owned();
        Ok(match uv {
            Some(uv) => Self::Uv { uv, environment },
            None => Self::Pip { python: program_in(&environment) },
        })
    }

    fn install_command(&self) -> Command {
        match self {
            Self::Uv { uv, environment } => {
                let mut command = python::command(uv);
                command.args(["pip", "install", "--python"]).arg(environment);
                command
            }
            Self::Pip { python } => {
                let mut command = python::command(python);
                command.args(["-m", "pip", "install", "--no-input"]);
                command.args(["--disable-pip-version-check", "--no-warn-script-location"]);
                command
            }
        }
    }
}

fn program_in(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}
