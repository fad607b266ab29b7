"""Takes stdin and stdout away from the package, and reads lines."""

import os
import sys

from nanobot.host.wire import MAX_LINE_BYTES

_CHUNK_BYTES = 64 * 1024


def take() -> tuple[int, int]:
    """Moves the link to descriptors of its own, and returns the ones to read and to write.

    What the package, its libraries and its child processes print from here on goes to stderr, and
    what they read from stdin is at its end.
    """
    sys.stdout.flush()
    read, write = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stderr.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    sys.stdout = sys.stderr
    return read, write


class LineTooLong(Exception):
    """The other side sent a line beyond the bound."""


class LineReader:
    """Reads lines from a descriptor, blocking."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()
        self._searched = 0

    def read(self) -> bytes | None:
        """The next line, or None at the end; a torn last line is the end."""
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if (end if end >= 0 else len(self._buffer)) > MAX_LINE_BYTES:
                raise LineTooLong(f"a line is longer than {MAX_LINE_BYTES} bytes")
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                self._searched = 0
                return line
            self._searched = len(self._buffer)
            chunk = os.read(self._descriptor, _CHUNK_BYTES)
            if not chunk:
                return None
            self._buffer += chunk
