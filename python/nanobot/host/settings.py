"""Sections of the config."""

import re
from typing import Any

from nanobot.host.wire import JsonObject

_WORD_BREAK = re.compile(r"_([a-z0-9])")


def merged(default: JsonObject, section: JsonObject) -> JsonObject:
    """The section, with what is missing in it taken from the default.

    A key may be written in camelCase or in snake_case; the default does not add the other spelling.
    """
    spelled = {_camel(key): key for key in section}
    result = dict(section)
    for key, value in default.items():
        own = spelled.get(_camel(key))
        if own is None:
            result[key] = value
        elif isinstance(value, dict) and isinstance(section[own], dict):
            result[own] = merged(value, section[own])
    return result


def _camel(key: Any) -> str:
    return _WORD_BREAK.sub(lambda match: match[1].upper(), str(key))
