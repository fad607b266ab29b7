"""Names and lengths."""

import re

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def safe_filename(name: str) -> str:
    """The name with everything replaced that no file name may contain."""
    safe = _UNSAFE.sub("_", name).strip()
    return "_" if safe in ("", ".", "..") else safe


def split_message(content: str, max_len: int = 2000) -> list[str]:
    """Cuts a text into parts of at most `max_len` characters.

    A cut goes to the last line break that fits, else to the last space, else through a word. White
    space at a cut is dropped, except in front of it.
    """
    if max_len < 1:
        raise ValueError("max_len must be at least 1")
    parts = []
    while len(content) > max_len:
        cut = _cut(content, max_len)
        parts.append(content[:cut])
        content = content[cut:].lstrip()
    if content:
        parts.append(content)
    return parts


def _cut(content: str, max_len: int) -> int:
    for separator in ("\n", " "):
        position = content.rfind(separator, 0, max_len)
        if position > 0:
            return position
    return max_len
