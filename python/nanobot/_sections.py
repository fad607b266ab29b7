"""What a channel's config says, whether it is a dict or an object of the package's own."""

from collections.abc import Mapping
from typing import Any


def setting(config: Any, key: str, default: Any = None) -> Any:
    """The value of one key."""
    if isinstance(config, Mapping):
        return config.get(key, default)
    return getattr(config, key, default)


def allow_list(config: Any) -> list[str]:
    """The names on the allow-list, in either spelling of its key."""
    for key in ("allowFrom", "allow_from"):
        value = setting(config, key)
        if isinstance(value, str) and value:
            return [value]
        if isinstance(value, (list, tuple, set, frozenset)) and value:
            return [str(entry) for entry in value]
    return []
