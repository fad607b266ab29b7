"""A bound on how many may do something at a time, for any threads and loops."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager


class Slots:
    """A fair semaphore that is bound to no loop."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = count
        self._waiting: deque[Future[None]] = deque()
        self._lock = threading.Lock()

    @property
    def in_use(self) -> int:
        """Slots that are taken."""
        return self._count - self._free

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Waits for a slot and holds it."""
        await self._take()
        try:
            yield
        finally:
            self._give()

    async def _take(self) -> None:
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return
            turn: Future[None] = Future()
            self._waiting.append(turn)
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            # Cancelling fails for a turn that was given already; then the slot goes on.
            if not turn.cancel() and not turn.cancelled():
                self._give()
            raise

    def _give(self) -> None:
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    break
            else:
                self._free += 1
                return
        turn.set_result(None)
