"""The open streams."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from nanobot._sections import setting
from nanobot.host import logs
from nanobot.host.calls import Lanes
from nanobot.host.deliveries import Receipts, chat_of
from nanobot.host.link import Link
from nanobot.host.originals import Originals
from nanobot.host.package import overrides
from nanobot.host.stream import End, Stream
from nanobot.host.wire import JsonObject, WireError

_MAX_OPEN = 1024

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Streams:
    """Knows each open stream by its id; in one chat, one after the other is delivered."""

    def __init__(
        self,
        link: Link,
        originals: Originals,
        lanes: Lanes,
        receipts: Receipts,
        spawn: Spawn,
        on_success: Callable[[], None],
    ) -> None:
        self._link = link
        self._originals = originals
        self._calls = lanes
        self._segments = Lanes()
        self._receipts = receipts
        self._spawn = spawn
        self._on_success = on_success
        self._open: dict[str, tuple[str, Stream | WireError]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def start(self, channel: Any, params: JsonObject) -> None:
        """Opens a stream, unless this channel does not stream; the end is refused then."""
        stream_id, delivery_id = str(params.get("stream_id")), str(params.get("delivery_id"))
        if stream_id in self._open or len(self._open) >= _MAX_OPEN:
            logs.emit("warn", "A stream was not opened.", open=len(self._open))
            return
        metadata = self._originals.from_wire(params.get("metadata") or {})
        if not _streams(channel, metadata):
            refusal = WireError("unsupported", "this channel does not stream")
            self._open[stream_id] = (delivery_id, refusal)
            return
        metadata.setdefault("_wants_stream", True)
        metadata["_stream_id"] = stream_id
        chat_id = chat_of(params)
        acknowledge = partial(self._acknowledge, stream_id)
        stream = Stream(channel, chat_id, metadata, acknowledge, self._calls)
        self._open[stream_id] = (delivery_id, stream)
        self._spawn(self._run(chat_id, stream))

    def refuse(self, params: JsonObject, error: WireError) -> None:
        """Notes a stream that cannot be delivered."""
        self._open[str(params.get("stream_id"))] = ("", error)

    def delta(self, params: JsonObject) -> None:
        """Adds text to a stream."""
        stream_id, seq = str(params.get("stream_id")), int(params.get("seq", 0))
        _, stream = self._open.get(stream_id, ("", None))
        if isinstance(stream, Stream):
            stream.add(seq, str(params.get("text", "")))
        elif isinstance(stream, WireError):
            self._acknowledge(stream_id, seq, stream)
        else:
            logs.emit("debug", "Ignored a delta of a stream that is not open.")

    async def end(self, params: JsonObject) -> JsonObject:
        """Ends a stream; the answer to ``stream/end``."""
        stream_id = str(params.get("stream_id"))
        if stream_id not in self._open:
            raise WireError("invalid", f"stream {stream_id} is not open")
        delivery_id, stream = self._open.pop(stream_id)
        if isinstance(stream, WireError):
            raise stream
        stream.finish(End.from_wire(params))
        try:
            error = await asyncio.shield(stream.result)
        except asyncio.CancelledError:
            stream.give_up()
            raise
        if error is not None:
            raise error
        self._on_success()
        self._receipts.add(delivery_id, [])
        return {"platform_ids": []}

    def interrupt(self) -> "list[asyncio.Future[WireError | None]]":
        """Ends the streams that the gateway will not end any more; returns what to wait for."""
        streams = [stream for _, stream in self._open.values() if isinstance(stream, Stream)]
        for stream in streams:
            stream.finish(End(None, outcome="interrupted"))
        self._open.clear()
        return [stream.result for stream in streams]

    async def _run(self, chat_id: str, stream: Stream) -> None:
        async with self._segments.turn(chat_id):
            await stream.run()

    def _acknowledge(self, stream_id: str, seq: int, error: WireError | None) -> None:
        ack: JsonObject = {"stream_id": stream_id, "seq": seq}
        if error is not None:
            ack["error"] = error.as_json()
        self._link.notify("stream/ack", ack)


def _streams(channel: Any, metadata: dict[str, Any]) -> bool:
    """True if the channel streams by its config, or asked for this one by itself."""
    own = getattr(channel, "supports_streaming", None)
    if own is None:
        own = setting(getattr(channel, "config", None), "streaming")
    return bool(own or metadata.get("_wants_stream") is True) and overrides(
        type(channel), "send_delta"
    )
