"""Starts a channel, watches it, and stops it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from nanobot.host import failures, logs
from nanobot.host.calls import invoke
from nanobot.host.health import Health, LifeSigns, is_running
from nanobot.host.wire import EXIT_FAILED, WireError

# What a start has to survive to count as connected: no package tells when it is.
_SETTLE_SECONDS = 0.25
_MAX_SETTLE_SECONDS = 5.0
_WATCH_SECONDS = 1.0
# The usual loop of a channel looks at its flag once a second.
_MIN_START_SECONDS = 2.0
_CANCEL_SECONDS = 0.5
_LAST_STOP_SECONDS = 2.0

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Lifecycle:
    """The life of one channel, from `start()` to the end of the process."""

    def __init__(
        self,
        channel: Any,
        health: Health,
        signs: LifeSigns,
        spawn: Spawn,
        on_death: Callable[[int], None],
    ) -> None:
        self._channel = channel
        self._health = health
        self._signs = signs
        self._spawn = spawn
        self._on_death = on_death
        self._starting: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._has_returned = False

    def start(self) -> None:
        """Lets the channel run."""
        self._health.report("connecting")
        self._starting = self._spawn(self._start())
        self._spawn(self._report_connected(self._starting))

    async def stop(self, grace: float) -> None:
        """Calls `stop()` and waits for `start()` to return, so that it can clean up.

        Bounded by `grace` seconds, but never so that `start()` has less than two.
        """
        if self._is_stopping:
            return
        self._is_stopping = True
        deadline = time.monotonic() + grace
        await self._call_stop(max(grace - _MIN_START_SECONDS, 0.5))
        await self._await_start(max(deadline - time.monotonic(), _MIN_START_SECONDS))

    async def _start(self) -> None:
        error: WireError | None = None
        try:
            await invoke(self._channel.start)
        except Exception as problem:
            error = self._explain(problem)
        except asyncio.CancelledError:
            if self._is_stopping:
                raise
            error = WireError("internal", "start() cancelled itself")
        if error is None and not self._is_stopping:
            error = await self._watch()
        if error is not None and not self._is_stopping:
            await self._die(error)

    def _explain(self, problem: Exception) -> WireError:
        logs.exception("start() failed.", problem)
        error = failures.of_exception(problem)
        return WireError(
            error.kind, f"start() failed: {error.message}", retry_after_ms=error.retry_after_ms
        )

    async def _watch(self) -> WireError | None:
        """Returns when nothing of a channel is left whose `start()` has returned."""
        self._has_returned = True
        missed = 0
        while missed < 2 and not self._is_stopping:
            missed = 0 if self._signs.of(self._channel) else missed + 1
            if missed < 2:
                await asyncio.sleep(_WATCH_SECONDS if missed == 0 else _SETTLE_SECONDS)
        return WireError("internal", "start() returned, and nothing of the channel runs any more")

    async def _die(self, error: WireError) -> None:
        self._is_stopping = True
        self._health.report("failed", error)
        await self._call_stop(_LAST_STOP_SECONDS)
        self._on_death(EXIT_FAILED)

    async def _report_connected(self, starting: "asyncio.Task[None]") -> None:
        deadline = time.monotonic() + _MAX_SETTLE_SECONDS
        await asyncio.sleep(_SETTLE_SECONDS)
        while not self._may_be_connected() and time.monotonic() < deadline:
            await asyncio.sleep(_SETTLE_SECONDS)
        if not starting.done() and not self._is_stopping:
            self._health.report("connected")

    def _may_be_connected(self) -> bool:
        if self._has_returned:
            return self._signs.of(self._channel)
        return is_running(self._channel) is not False

    async def _call_stop(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await invoke(self._channel.stop)
        except TimeoutError:
            logs.emit("warn", "stop() takes too long; going on without it.")
        except Exception as error:
            logs.exception("stop() failed.", error)
            self._lower_flag()

    def _lower_flag(self) -> None:
        """Lets a loop over ``_running`` end all the same."""
        try:
            self._channel._running = False
        except Exception as error:
            logs.emit("debug", "The channel has no flag to lower.", error=error)

    async def _await_start(self, seconds: float) -> None:
        if self._starting is None:
            return
        await asyncio.wait({self._starting}, timeout=seconds)
        if not self._starting.done():
            logs.emit("warn", "start() did not return after stop(); it is cancelled.")
            self._starting.cancel()
            await asyncio.wait({self._starting}, timeout=_CANCEL_SECONDS)
