"""What an exception of a package means to the gateway."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from nanobot.host.wire import WireError

_HTTP_TOO_MANY = 429
# Errors of HTTP and chat libraries that do not derive from OSError.
_NETWORK_NAMES = {"ClientConnectionError", "NetworkError", "TimedOut", "TransportError"}
_LOCAL = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


class PackageExit(Exception):
    """A package called ``sys.exit()`` where only the channel was to fail."""


def of_exception(error: BaseException) -> WireError:
    """The error to answer with."""
    if isinstance(error, WireError):
        return error
    text = describe(error)
    wait = _retry_after(error)
    if wait is not None:
        return WireError("rate_limited", text, retry_after_ms=wait)
    if any(_is_network(link) for link in _chain(error)):
        return WireError("network", text)
    return WireError("internal", text)


def describe(error: BaseException) -> str:
    """One line: the error's type and text."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    link: BaseException | None = error
    for _ in range(8):
        if link is None:
            return
        yield link
        link = link.__cause__


def _is_network(error: BaseException) -> bool:
    if isinstance(error, _LOCAL):
        return False
    if isinstance(error, (asyncio.TimeoutError, OSError)):
        return True
    return any(base.__name__ in _NETWORK_NAMES for base in type(error).__mro__)


def _retry_after(error: BaseException) -> int | None:
    """How long the platform asks to wait, in milliseconds."""
    wait = _milliseconds(getattr(error, "retry_after", None))
    if wait is not None:
        return wait
    for source in (error, getattr(error, "response", None)):
        if _HTTP_TOO_MANY in (_get(source, "status"), _get(source, "status_code")):
            return _milliseconds(_header(source)) or 1000
    return None


def _get(source: Any, name: str) -> Any:
    value = getattr(source, name, None)
    return value if isinstance(value, int) else None


def _header(source: Any) -> Any:
    headers = getattr(source, "headers", None)
    try:
        return headers.get("Retry-After") if headers is not None else None
    except Exception:
        return None


def _milliseconds(value: Any) -> int | None:
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return int(value * 1000) if is_number and 0 <= value < 10**6 else None
