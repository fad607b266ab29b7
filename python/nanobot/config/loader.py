"""Where the config lies."""

from pathlib import Path

from nanobot.config import _folders


def get_config_path() -> Path:
    """The path that the config has for this channel.

    A plugin sees its own section only, through ``self.config``, so there is no file at this path
    inside a plugin process; its folder is the one that `get_data_dir` returns.
    """
    return _folders.state() / "config.json"
