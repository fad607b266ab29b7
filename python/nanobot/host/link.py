"""The link to the gateway: requests with their answers, and calls from the other side.

One thread reads and one writes, so that neither a busy loop of the package nor a full pipe blocks
the other direction, and so that any thread and any loop of the package may call the gateway.
"""

import itertools
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import Any

from nanobot.host import logs, wire
from nanobot.host.pipes import LineReader, LineTooLong

_BYTES_PER_WRITE = 64 * 1024


class LinkClosed(ConnectionError):
    """The gateway is gone."""


class Link:
    """The other side, to be called from anywhere."""

    def __init__(self, reader: LineReader, write: int) -> None:
        self._reader = reader
        self._write = write
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._waiting: dict[int, Future[Any]] = {}
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._is_closed = False
        self._writer = threading.Thread(
            target=self._write_all, name="nanobot-link-writer", daemon=True
        )
        self._writer.start()

    def read(self, on_call: Callable[[wire.Call], None], on_end: Callable[[bool], None]) -> None:
        """Starts reading; both functions are called in the reading thread and must not block.

        `on_end` is told whether the link broke rather than ended.
        """
        thread = threading.Thread(
            target=self._read_all, args=(on_call, on_end), name="nanobot-link-reader", daemon=True
        )
        thread.start()

    def request(self, method: str, params: wire.JsonObject) -> "Future[Any]":
        """Asks; the future holds the result, or raises `WireError` or `LinkClosed`."""
        id = next(self._ids)
        line = wire.call(method, params, id)
        answer: Future[Any] = Future()
        with self._lock:
            if self._is_closed:
                raise LinkClosed("the gateway is gone")
            self._waiting[id] = answer
        answer.add_done_callback(lambda _: self._waiting.pop(id, None))
        self._lines.put(line)
        return answer

    def notify(self, method: str, params: wire.JsonObject) -> None:
        """Tells, without an answer."""
        self._lines.put(wire.call(method, params))

    def answer(self, id: int, result: wire.JsonObject) -> None:
        """Answers a request of the other side."""
        self._lines.put(wire.success(id, result))

    def fail(self, id: int, error: wire.WireError) -> None:
        """Answers a request of the other side with an error."""
        self._lines.put(wire.failure(id, error))

    def flush(self, seconds: float) -> None:
        """Waits until everything is written; nothing can be sent any more."""
        self._lines.put(None)
        self._writer.join(seconds)

    def _write_all(self) -> None:
        is_last = False
        while not is_last:
            line = self._lines.get()
            batch = bytearray()
            while line is not None:
                batch += line
                if len(batch) >= _BYTES_PER_WRITE or self._lines.empty():
                    break
                line = self._lines.get()
            is_last = line is None
            try:
                self._write_bytes(bytes(batch))
            except OSError:
                # The reader sees the end of the link as well, and says so.
                self._close()
                return

    def _write_bytes(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._write, rest) :]

    def _read_all(
        self, on_call: Callable[[wire.Call], None], on_end: Callable[[bool], None]
    ) -> None:
        is_broken = False
        try:
            while (line := self._reader.read()) is not None:
                self._take(line, on_call)
        except (LineTooLong, OSError) as error:
            logs.emit("error", f"The link to the gateway broke: {error}.")
            is_broken = True
        finally:
            self._close()
            on_end(is_broken)

    def _take(self, line: bytes, on_call: Callable[[wire.Call], None]) -> None:
        if not line.strip():
            return
        try:
            message = wire.parse(line)
        except wire.LineError as error:
            logs.emit("warn", "Skipped a line of the gateway.", problem=str(error))
            return
        if isinstance(message, wire.Call):
            on_call(message)
        elif (waiter := self._waiting.pop(message.id, None)) is not None:
            _resolve(waiter, message)

    def _close(self) -> None:
        with self._lock:
            self._is_closed = True
            waiters = list(self._waiting.values())
        for waiter in waiters:
            _set(lambda waiter=waiter: waiter.set_exception(LinkClosed("the gateway is gone")))  # type: ignore[misc]


def _resolve(waiter: "Future[Any]", answer: wire.Answer) -> None:
    if answer.error is not None:
        error = answer.error
        _set(lambda: waiter.set_exception(error))
    else:
        _set(lambda: waiter.set_result(answer.result))


def _set(resolve: Callable[[], None]) -> None:
    try:
        resolve()
    except InvalidStateError:
        # Whoever waited was cancelled in the meantime.
        pass
