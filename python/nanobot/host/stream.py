"""One stream: a segment of text that grows."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nanobot.host import failures, logs
from nanobot.host.calls import Lanes, invoke
from nanobot.host.wire import JsonObject, WireError

# For the end of a stream that the gateway has given up.
_LAST_CALL_SECONDS = 5.0


@dataclass(frozen=True)
class End:
    """How a stream ends: by ``stream/end``, or without it and then without the complete text."""

    text: str | None
    outcome: str = "complete"
    continues: bool = False

    @classmethod
    def from_wire(cls, params: JsonObject) -> "End":
        """Reads the parameters."""
        return cls(
            str(params.get("text", "")),
            str(params.get("outcome", "complete")),
            params.get("continues") is True,
        )


class Stream:
    """Calls ``send_delta()``: text that waits is joined, and exactly one end comes last.

    A package may have put a piece into its buffer before it failed to deliver it, or not: so nothing
    is repeated, and after a failure no more text follows. The end then fails as well, and the
    gateway sends the whole text as a message.
    """

    def __init__(
        self,
        channel: Any,
        chat_id: str,
        metadata: dict[str, Any],
        acknowledge: Callable[[int, WireError | None], None],
        lanes: Lanes,
    ) -> None:
        self._channel = channel
        self._chat_id = chat_id
        self._metadata = metadata
        self._acknowledge = acknowledge
        self._lanes = lanes
        self._pieces: list[str] = []
        self._seq = 0
        self._delivered = ""
        self._failure: WireError | None = None
        self._end: End | None = None
        self._changed = asyncio.Event()
        self._call: asyncio.Task[Any] | None = None
        self._is_given_up = False
        self.result: asyncio.Future[WireError | None] = asyncio.get_running_loop().create_future()

    def add(self, seq: int, text: str) -> None:
        """Takes a delta, to be delivered as soon as the one before is."""
        self._pieces.append(text)
        self._seq = seq
        self._changed.set()

    def finish(self, end: End) -> None:
        """Takes the end; `result` says what became of it."""
        self._end = self._end or end
        self._changed.set()

    def give_up(self) -> None:
        """Ends the call that is under way; the end is still brought to the package."""
        self._is_given_up = True
        self._failure = self._failure or WireError("cancelled", "the stream was given up")
        if self._call is not None:
            self._call.cancel()

    async def run(self) -> None:
        """Delivers until the end."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._pieces:
                await self._deliver_pieces()
            if self._end is not None and not self._pieces:
                self.result.set_result(await self._deliver_end(self._end))
                return

    async def _deliver_pieces(self) -> None:
        text, seq = "".join(self._pieces), self._seq
        self._pieces.clear()
        error = await self._deliver_text(text)
        self._acknowledge(seq, error)

    async def _deliver_text(self, text: str) -> WireError | None:
        if self._failure is not None or not text:
            return None
        self._failure = await self._send_delta(text, {"_stream_delta": True})
        self._delivered += text
        return self._failure

    async def _deliver_end(self, end: End) -> WireError | None:
        rest = self._rest(end.text)
        if rest:
            await self._deliver_text(rest)
        flags: dict[str, Any] = {"_stream_end": True, "_resuming": end.continues}
        if end.outcome != "complete":
            flags["_stream_outcome"] = end.outcome
        error = await self._send_delta("", flags)
        return self._failure or error

    def _rest(self, text: str | None) -> str:
        """What the complete text has beyond the deltas."""
        if text is None:
            return ""
        if text.startswith(self._delivered):
            return text[len(self._delivered) :]
        if text.strip() != self._delivered.strip() and self._failure is None:
            self._failure = WireError("internal", "the complete text differs from its deltas")
        return ""

    async def _send_delta(self, text: str, flags: dict[str, Any]) -> WireError | None:
        metadata = {**self._metadata, **flags}
        async with self._lanes.turn(self._chat_id):
            self._call = asyncio.create_task(
                invoke(self._channel.send_delta, self._chat_id, text, metadata)
            )
            limit = _LAST_CALL_SECONDS if self._is_given_up else None
            done, _ = await asyncio.wait({self._call}, timeout=limit)
            if not done:
                self._call.cancel()
        return self._outcome(self._call)

    def _outcome(self, call: "asyncio.Task[Any]") -> WireError | None:
        if self._is_given_up:
            return WireError("cancelled", "the call was cancelled")
        if call.cancelled():
            return WireError("internal", "send_delta() cancelled itself")
        return _logged(call.exception())


def _logged(error: BaseException | None) -> WireError | None:
    if error is None:
        return None
    logs.exception("send_delta() failed.", error)
    return failures.of_exception(error)
