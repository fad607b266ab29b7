"""The letter of the protocol: lines, errors, numbers."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PROTOCOL_VERSIONS = (1,)
MAX_LINE_BYTES = 4 * 1024 * 1024

ENV_PLUGIN = "NANOBOT_PLUGIN"

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_STARTED_BY_HAND = 64
EXIT_NO_COMMON_VERSION = 76

_CODES = {
    "invalid": -32602,
    "unsupported": -32601,
    "cancelled": -32800,
    "overloaded": -32001,
    "not_ready": -32002,
    "auth": -32010,
    "rate_limited": -32011,
    "network": -32012,
    "rejected": -32013,
    "not_found": -32014,
    "internal": -32603,
}
_KINDS = {-32601: "unsupported", -32602: "invalid"}

JsonObject = dict[str, Any]


class WireError(Exception):
    """An error as it crosses the link, in either direction."""

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        retry_after_ms: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_ms = retry_after_ms
        self.hint = hint

    def as_json(self) -> JsonObject:
        """The ``error`` member of an answer."""
        data: JsonObject = {"kind": self.kind}
        if self.retry_after_ms is not None:
            data["retry_after_ms"] = self.retry_after_ms
        if self.hint is not None:
            data["hint"] = self.hint
        code = _CODES.get(self.kind, _CODES["internal"])
        return {"code": code, "message": self.message, "data": data}

    @classmethod
    def from_json(cls, error: Any) -> "WireError":
        """Reads the ``error`` member of an answer, however little it says."""
        if not isinstance(error, dict):
            return cls("internal", str(error))
        data = error.get("data")
        data = data if isinstance(data, dict) else {}
        kind = data.get("kind") or _KINDS.get(error.get("code", 0), "internal")
        after = data.get("retry_after_ms")
        return cls(
            str(kind),
            str(error.get("message", "")),
            retry_after_ms=after if isinstance(after, int) else None,
            hint=str(data["hint"]) if data.get("hint") else None,
        )


class LineError(ValueError):
    """A line is not a message of the protocol."""


@dataclass(frozen=True)
class Call:
    """A request, or a notification if it has no id."""

    method: str
    params: JsonObject = field(default_factory=dict)
    id: int | None = None


@dataclass(frozen=True)
class Answer:
    """What became of a request."""

    id: int
    result: Any = None
    error: WireError | None = None


def parse(line: bytes) -> Call | Answer:
    """Reads one line."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError(f"not JSON: {error}") from None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise LineError('not an object with "jsonrpc": "2.0"')
    id = message.get("id")
    if id is not None and not (isinstance(id, int) and id >= 0):
        raise LineError("its id is not a number")
    if isinstance(message.get("method"), str):
        params = message.get("params")
        return Call(message["method"], params if isinstance(params, dict) else {}, id)
    if id is None:
        raise LineError("it has neither method nor id")
    if message.get("error") is not None:
        return Answer(id, error=WireError.from_json(message["error"]))
    return Answer(id, result=message.get("result"))


def call(method: str, params: JsonObject, id: int | None = None) -> bytes:
    """Writes a request or a notification, line feed included."""
    if id is None:
        return _encode({"jsonrpc": "2.0", "method": method, "params": params})
    return _encode({"jsonrpc": "2.0", "id": id, "method": method, "params": params})


def success(id: int, result: JsonObject) -> bytes:
    """Writes an answer, line feed included."""
    return _encode({"jsonrpc": "2.0", "id": id, "result": result})


def failure(id: int, error: WireError) -> bytes:
    """Writes an answer that says what went wrong, line feed included."""
    return _encode({"jsonrpc": "2.0", "id": id, "error": error.as_json()})


def _encode(message: JsonObject) -> bytes:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        line = text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair has no UTF-8 form, and the other side would skip the whole line.
        line = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    if len(line) > MAX_LINE_BYTES:
        raise WireError("rejected", f"the line has {len(line)} bytes, {MAX_LINE_BYTES} are allowed")
    return line + b"\n"


def is_scalar(value: Any) -> bool:
    """True for values that come back from JSON as what they were."""
    if isinstance(value, float):
        return type(value) is float and math.isfinite(value)
    return value is None or type(value) in (str, bool, int)


def plain(value: Any) -> Any:
    """The value as JSON holds it; objects of other kinds become their text."""
    if is_scalar(value):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(entry) for entry in value]
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return int(value)
    return str(value)


def leave_at_once(status: int = EXIT_FAILED) -> None:
    """Ends the process whatever its threads do."""
    os._exit(status)
