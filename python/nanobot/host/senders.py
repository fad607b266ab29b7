"""Under which names a sender is looked for on the allow-list."""

from collections.abc import Iterable

_DECORATION = str.maketrans("", "", "@+ -().")


def aliases(sender: str, allowed: Iterable[str]) -> list[str]:
    """Further names of a sender whom the package itself let pass.

    The halves of ``id|username``, and entries of the list that name the sender in another spelling:
    another case, with or without ``@``, ``+`` and the separators of phone numbers.
    """
    halves = [half for half in sender.split("|") if half] if "|" in sender else []
    names = {_fold(name) for name in [sender, *halves]} - {""}
    respelled = [entry for entry in allowed if _fold(entry) in names]
    return [name for name in dict.fromkeys([*halves, *respelled]) if name != sender]


def _fold(name: str) -> str:
    return name.translate(_DECORATION).casefold()
