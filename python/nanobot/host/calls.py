"""Calls into the package, and the order of those that concern one chat."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from nanobot.host.failures import PackageExit


async def invoke(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls a method of the package; whatever it raises concerns this call alone."""
    try:
        result = function(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result
    except SystemExit as error:
        raise PackageExit(f"the package called sys.exit({error.code!r})") from error


class Lanes:
    """One turn at a time for each name, in the order of asking."""

    def __init__(self) -> None:
        self._lanes: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Waits for the turn and holds it."""
        lock, users = self._lanes.get(name) or (asyncio.Lock(), 0)
        self._lanes[name] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            _, users = self._lanes.pop(name)
            if users > 1:
                self._lanes[name] = (lock, users - 1)
