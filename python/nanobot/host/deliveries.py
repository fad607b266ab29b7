"""Brings messages of the gateway to the channel."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from nanobot.bus.events import OutboundMessage
from nanobot.host import attachments, failures, logs
from nanobot.host.calls import Lanes, invoke
from nanobot.host.originals import Originals
from nanobot.host.package import name_of
from nanobot.host.wire import JsonObject, WireError

_MAX_RECEIPTS = 1024
_FLAGS: dict[str, JsonObject] = {
    "progress": {"_progress": True, "_tool_hint": False},
    "tool_hint": {"_progress": True, "_tool_hint": True},
    "notice": {"render_as": "text"},
}


class Receipts:
    """The deliveries that were made; the gateway repeats one if an answer got lost."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, list[str]] = OrderedDict()

    def get(self, delivery_id: str) -> list[str] | None:
        """The platform's ids of a delivery that was made; None of one that was not."""
        return self._made.get(delivery_id)

    def add(self, delivery_id: str, platform_ids: list[str]) -> None:
        """Notes a delivery, and forgets the oldest."""
        self._made[delivery_id] = platform_ids
        if len(self._made) > _MAX_RECEIPTS:
            self._made.popitem(last=False)


class Deliveries:
    """Calls ``send()``: one call at a time for each chat, several chats at the same time."""

    def __init__(
        self,
        key: str,
        originals: Originals,
        lanes: Lanes,
        receipts: Receipts,
        on_success: Callable[[], None],
    ) -> None:
        self._key = key
        self._originals = originals
        self._lanes = lanes
        self._receipts = receipts
        self._on_success = on_success

    async def send(self, channel: Any, params: JsonObject) -> JsonObject:
        """Delivers one message; the answer to ``message/send``."""
        delivery_id = str(params.get("delivery_id", ""))
        message = self._message(channel, params)
        async with self._lanes.turn(message.chat_id):
            platform_ids = self._receipts.get(delivery_id)
            if platform_ids is None:
                platform_ids = _platform_ids(await self._call(channel.send, message))
                self._receipts.add(delivery_id, platform_ids)
        return {"platform_ids": platform_ids}

    async def send_own(self, channel: Any, message: Any) -> None:
        """Delivers what the package itself published for its channel."""
        metadata = getattr(message, "metadata", None) or {}
        if metadata.get("_streamed"):
            return
        chat_id = str(message.chat_id)
        try:
            async with self._lanes.turn(chat_id):
                if metadata.get("_stream_delta") or metadata.get("_stream_end"):
                    await self._call(channel.send_delta, chat_id, message.content, metadata)
                else:
                    await self._call(channel.send, message)
        except WireError:
            pass  # The call has logged it; nobody waits for this message.

    async def _call(self, method: Callable[..., Any], *args: Any) -> Any:
        try:
            result = await invoke(method, *args)
        except Exception as error:
            logs.exception("send() failed.", error)
            raise failures.of_exception(error) from error
        self._on_success()
        return result

    def _message(self, channel: Any, params: JsonObject) -> OutboundMessage:
        metadata = self._originals.from_wire(params.get("metadata") or {})
        metadata.update(_FLAGS.get(str(params.get("kind")), {}))
        reply_to = params.get("reply_to")
        if reply_to is not None:
            # The name under which channels look for the message to answer.
            metadata.setdefault("message_id", reply_to)
        return OutboundMessage(
            channel=name_of(channel, self._key),
            chat_id=chat_of(params),
            content=str(params.get("text", "")),
            reply_to=reply_to,
            media=attachments.from_wire(params.get("attachments")),
            metadata=metadata,
        )


def _platform_ids(result: Any) -> list[str]:
    """What ``send()`` returned, where a package returns the ids of what it sent; most do not."""
    results = result if isinstance(result, (list, tuple)) else [result]
    return [str(one) for one in results if type(one) in (str, int)]


def chat_of(params: JsonObject) -> str:
    """The chat that a request concerns."""
    try:
        return str(params["chat"]["id"])
    except (KeyError, TypeError):
        raise WireError("invalid", "params name no chat") from None
