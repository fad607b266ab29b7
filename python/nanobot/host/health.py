"""Whether a channel lives, and what the gateway is told of it."""

import asyncio
import threading
import time
from typing import Any

from nanobot.host.link import Link
from nanobot.host.wire import JsonObject, WireError

_NEWS_SECONDS = 30.0
_HOST_THREADS = ("nanobot-link", "asyncio_", "ThreadPoolExecutor")


class Health:
    """Sends ``channel/status``: at each change, and now and then when there is news."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._state = ""
        self._last_event_ms: int | None = None
        self._last_success_ms: int | None = None
        self._reported = 0.0

    def event(self) -> None:
        """The platform sent something."""
        self._last_event_ms = _now_ms()
        self._report_news()

    def success(self) -> None:
        """A call to the platform succeeded."""
        self._last_success_ms = _now_ms()
        self._report_news()

    def report(self, state: str, error: WireError | None = None) -> None:
        """Tells the state."""
        self._state = state
        self._reported = time.monotonic()
        status: JsonObject = {"state": state}
        if self._last_event_ms is not None:
            status["last_event_ms"] = self._last_event_ms
        if self._last_success_ms is not None:
            status["last_success_ms"] = self._last_success_ms
        if error is not None:
            status["message"] = error.message
            status["error"] = error.as_json()
        self._link.notify("channel/status", status)

    def _report_news(self) -> None:
        is_news = time.monotonic() - self._reported > _NEWS_SECONDS
        if self._state == "connected" and is_news:
            self.report(self._state)


class LifeSigns:
    """Looks for what a package left running when its `start()` returned.

    Some packages only start a server in a thread, or a task of their own, and return at once.
    """

    def __init__(self, own_tasks: "set[asyncio.Task[Any]]") -> None:
        self._own_tasks = own_tasks
        self._threads_before = set(threading.enumerate())

    def of(self, channel: Any) -> bool:
        """True if the channel says that it runs, or anything of the package does."""
        return bool(is_running(channel)) or self._has_tasks() or self._has_threads()

    def _has_tasks(self) -> bool:
        return bool(asyncio.all_tasks() - self._own_tasks)

    def _has_threads(self) -> bool:
        new = set(threading.enumerate()) - self._threads_before
        return any(not thread.name.startswith(_HOST_THREADS) for thread in new)


def is_running(channel: Any) -> bool | None:
    """What the channel says of itself; None if it says nothing."""
    for name in ("is_running", "_running"):
        try:
            value = getattr(channel, name, None)
            value = value() if callable(value) else value
        except Exception:
            continue
        if value is not None:
            return bool(value)
    return None


def _now_ms() -> int:
    return int(time.time() * 1000)
