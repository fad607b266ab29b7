"""Log lines: one JSON object each, on stderr.

The host's own lines take no detour through logging libraries, so that a package may set those up as
it likes.
"""

import json
import logging
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import TYPE_CHECKING, Any

from loguru import logger

from nanobot.host.wire import plain

if TYPE_CHECKING:
    from loguru import Message

_NUMBERS = {"trace": 5, "debug": 10, "info": 20, "warn": 30, "error": 40}
# The gateway cuts log lines at 64 KiB.
_MAX_MESSAGE_CHARACTERS = 10_000

_lock = threading.Lock()
_threshold = _NUMBERS["info"]
_loguru_handler: int | None = None


def emit(level: str, message: str, target: str = "nanobot.host", **fields: Any) -> None:
    """Writes one line, unless its level is below what the gateway wants."""
    if _NUMBERS[level] < _threshold:
        return
    if len(message) > _MAX_MESSAGE_CHARACTERS:
        # The end of a traceback says more than its beginning.
        half = _MAX_MESSAGE_CHARACTERS // 2
        message = f"{message[:half]}\n[…]\n{message[-half:]}"
    record = {"level": level, "message": message, "target": target, "fields": plain(fields)}
    # Escapes keep the line whole whatever a text contains.
    line = json.dumps(record).encode() + b"\n"
    with _lock:
        try:
            os.write(2, line)
        except OSError:
            pass


def exception(message: str, error: BaseException, target: str = "nanobot.host") -> None:
    """Writes an error with its traceback."""
    emit("error", f"{message}\n{_traceback(error)}", target)


def lost(context: dict[str, Any]) -> None:
    """Writes what a loop says of an error that nobody took."""
    error = context.get("exception")
    message = str(context.get("message", "An error was lost."))
    if isinstance(error, BaseException):
        exception(message, error)
    else:
        emit("error", message)


def install(level: str | None) -> None:
    """Leads loguru, the standard library's logging, warnings and uncaught errors to `emit`."""
    global _threshold
    _threshold = _NUMBERS.get(level or "info", _NUMBERS["info"])
    logger.remove()
    _add_to_loguru()
    logging.basicConfig(handlers=[_Handler()], level=_library_level(), force=True)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def _library_level() -> int:
    """Libraries log each request at level info; that is for whoever looks for a fault."""
    return max(_threshold, logging.WARNING) if _threshold > logging.DEBUG else _threshold


def restore() -> None:
    """Brings our handlers back where a package has removed them and added none of its own."""
    core = getattr(logger, "_core", None)
    if not getattr(core, "handlers", True):
        _add_to_loguru()
    if not logging.root.handlers:
        logging.root.addHandler(_Handler())


def _add_to_loguru() -> None:
    global _loguru_handler
    _loguru_handler = logger.add(_take_loguru, level=_threshold, format="{message}", catch=False)


def _take_loguru(message: "Message") -> None:
    record = message.record
    text = record["message"]
    if record["exception"] is not None and record["exception"].value is not None:
        text = f"{text}\n{_traceback(record['exception'].value)}"
    emit(_level(record["level"].no), text, record["name"] or "", **_fields(record["extra"]))


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = record.getMessage()
        except Exception:  # The arguments do not fit the text; both are still worth reading.
            text = f"{record.msg} {record.args}"
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text}\n{_traceback(record.exc_info[1])}"
        emit(_level(record.levelno), text, record.name)


def _level(number: int) -> str:
    for level in ("error", "warn", "info", "debug"):
        if number >= _NUMBERS[level]:
            return level
    return "trace"


def _fields(extra: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in extra.items() if key not in ("level", "message", "target")}


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    exception("An error was not caught.", error.with_traceback(trace))
