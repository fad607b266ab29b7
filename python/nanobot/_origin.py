"""What the host knows of an inbound message beside the fields that packages see."""

from dataclasses import dataclass
from typing import Any

_ATTRIBUTE = "_nanobot_origin"


@dataclass(frozen=True)
class Origin:
    """How a message came to be published."""

    is_checked: bool = False
    is_dm: bool | None = None


def mark_checked(message: Any, is_dm: bool | None) -> None:
    """Notes that the channel itself let the sender pass."""
    message.__dict__[_ATTRIBUTE] = Origin(is_checked=True, is_dm=is_dm)


def origin_of(message: Any) -> Origin:
    """The note on a message; messages of a package's own making have none."""
    origin = getattr(message, _ATTRIBUTE, None)
    return origin if isinstance(origin, Origin) else Origin()
