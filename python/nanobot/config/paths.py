"""Where a channel keeps its files.

Inside a plugin process everything lies in the folders that the gateway gave to the channel. Outside
of one, in tests for example, it lies in ``~/.nanobot``.
"""

from pathlib import Path

from nanobot.config import _folders


def get_data_dir() -> Path:
    """The folder for everything that must be kept."""
    return _created(_folders.state())


def get_runtime_subdir(name: str) -> Path:
    """A folder of that name for what must be kept."""
    return _created(get_data_dir() / name)


def get_media_dir(channel: str | None = None) -> Path:
    """The folder for received files; the channel's own one, whatever its name."""
    return _created(_folders.media(channel))


def get_bridge_install_dir() -> Path:
    """The folder for a helper program that the channel installs for itself."""
    return _folders.state() / "bridge"


def _created(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
