"""Which folders the gateway gave to this process."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Folders:
    """Folders of the running channel; none are known outside of a plugin process."""

    state: Path | None = None
    media: Path | None = None
    channels: frozenset[str] = frozenset()


_given = Folders()


def give(state: str | None, media: str | None, channels: frozenset[str]) -> None:
    """Takes over what the gateway said; `channels` are the names of the running channel."""
    _given.state = Path(state) if state else _given.state
    _given.media = Path(media) if media else _given.media
    _given.channels = channels


def state() -> Path:
    """The channel's private folder: a plugin's working directory until the gateway names it."""
    if _given.state is not None:
        return _given.state
    if os.environ.get("NANOBOT_PLUGIN"):
        return Path.cwd()
    return Path.home() / ".nanobot"


def media(channel: str | None) -> Path:
    """Where received files go."""
    if _given.media is None:
        root = state() / "media"
        return root / channel if channel else root
    is_own = not channel or channel in _given.channels
    return _given.media if is_own else _given.media / str(channel)
