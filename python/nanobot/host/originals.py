"""Brings a channel's metadata back as the objects they were."""

import json
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from nanobot.host.wire import JsonObject, is_scalar

KEY = "_nanobot_original"

# The gateway refuses messages with more than 64 KiB of metadata.
_MAX_WIRE_BYTES = 32 * 1024
_MAX_ENTRIES = 10_000
_MAX_IDLE_SECONDS = 24 * 3600.0


class Originals:
    """Metadata of messages whose turns may still be running.

    Text and numbers survive the way over the wire and are not kept. Of everything else (tuples,
    sockets, a library's objects, dicts that the package goes on changing) the gateway gets what
    JSON can hold, and an identifier by which the original is found again. An entry that no turn has
    used for a day is dropped, and the least used ones beyond ten thousand.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._prefix = uuid.uuid4().hex[:12]
        self._count = 0
        self._kept: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def to_wire(self, metadata: Any) -> JsonObject:
        """What the gateway gets for a message's metadata."""
        own = dict(metadata) if isinstance(metadata, Mapping) else {}
        wire = fitting(own)
        if len(wire) == len(own) and all(map(is_scalar, own.values())):
            return wire
        return {**wire, KEY: self._keep(own)}

    def from_wire(self, metadata: JsonObject) -> dict[str, Any]:
        """What the channel gets back for it."""
        found = dict(metadata)
        id = found.pop(KEY, None)
        if not isinstance(id, str):
            return found
        with self._lock:
            entry = self._kept.pop(id, None)
            if entry is None:
                return found
            # Used entries move to the end, so that the oldest are always in front.
            self._kept[id] = (self._clock(), entry[1])
        return {**found, **entry[1]}

    def forget(self, wire: JsonObject) -> None:
        """Drops the entry of a message that started no turn."""
        with self._lock:
            self._kept.pop(wire.get(KEY, ""), None)

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, metadata: dict[str, Any]) -> str:
        now = self._clock()
        with self._lock:
            self._count += 1
            id = f"{self._prefix}-{self._count}"
            self._kept[id] = (now, metadata)
            while self._is_first_stale(now):
                self._kept.popitem(last=False)
        return id

    def _is_first_stale(self, now: float) -> bool:
        first, _ = next(iter(self._kept.values()))
        return len(self._kept) > _MAX_ENTRIES or now - first > _MAX_IDLE_SECONDS


def fitting(metadata: Mapping[Any, Any]) -> JsonObject:
    """The entries that JSON can hold, as long as there is room."""
    fitting = {}
    room = _MAX_WIRE_BYTES
    for key, value in metadata.items():
        if not isinstance(key, str) or key == KEY:
            continue
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            continue
        room -= len(text) + len(key)
        if room < 0:
            break
        fitting[key] = json.loads(text)
    return fitting
