"""Takes messages from the channel to the gateway."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from loguru import logger

from nanobot._origin import Origin, origin_of
from nanobot._sections import allow_list
from nanobot.channels.base import ACCESS_DENIED
from nanobot.host import attachments, logs, senders
from nanobot.host.link import Link, LinkClosed
from nanobot.host.originals import Originals
from nanobot.host.package import MAX_INBOUND_IN_FLIGHT, name_of
from nanobot.host.slots import Slots
from nanobot.host.wire import JsonObject, WireError

# A platform that waits for its webhook's answer has given up by then.
_MAX_WAIT_SECONDS = 60.0
_DEFAULT_WAIT_MS = 500
# Offering these again cannot help, and an exception would only stop the channel's receiving.
_HOPELESS = ("rejected", "invalid")


class MessageNotStored(RuntimeError):
    """The gateway could not store a message; it may be offered again."""


class Intake:
    """Hands over messages of one channel. May be used in any thread and on any loop."""

    def __init__(
        self,
        link: Link,
        key: str,
        originals: Originals,
        media_folder: Path,
        on_event: Callable[[], None],
    ) -> None:
        self._link = link
        self._key = key
        self._originals = originals
        self._media_folder = media_folder
        self._on_event = on_event
        self._slots = Slots(MAX_INBOUND_IN_FLIGHT)
        self._channel: Any = None
        self._checks_senders = False
        self._is_closing = False

    def serve(self, channel: Any, checks_senders: bool) -> None:
        """Says whose messages these are, once the channel is made."""
        self._channel = channel
        self._checks_senders = checks_senders

    def close(self) -> None:
        """From now on an overloaded gateway is not asked again: it is about to go."""
        self._is_closing = True

    @property
    def in_flight(self) -> int:
        """Messages that the gateway has not answered yet."""
        return self._slots.in_use

    async def publish(self, message: Any) -> None:
        """Returns once the message is stored, or never will be."""
        self._on_event()
        self._warn_about_other_channel(message)
        files = await attachments.to_wire(_field(message, "media", None) or [], self._media_folder)
        params = self._params(message, files)
        async with self._slots.taken():
            answer = await self._offer(params)
        if answer is None or answer.get("accepted") is True:
            return
        self._originals.forget(params["metadata"])
        if answer.get("reason") != "duplicate":
            logger.bind(channel=self._key).warning(
                ACCESS_DENIED, params["sender"]["id"], name_of(self._channel, self._key)
            )

    async def _offer(self, params: JsonObject) -> JsonObject | None:
        """What the gateway said; None if the message can never be stored."""
        deadline = time.monotonic() + _MAX_WAIT_SECONDS
        while True:
            try:
                answer = await asyncio.wrap_future(self._link.request("message/received", params))
                return answer if isinstance(answer, dict) else {}
            except LinkClosed as error:
                raise MessageNotStored(str(error)) from error
            except WireError as error:
                if error.kind in _HOPELESS:
                    logs.emit("error", "The gateway refused a message.", error=error.message)
                    self._originals.forget(params["metadata"])
                    return None
                is_last = self._is_closing or time.monotonic() > deadline
                if error.kind != "overloaded" or is_last:
                    raise MessageNotStored(error.message) from error
                wait = (error.retry_after_ms or _DEFAULT_WAIT_MS) / 1000
            await asyncio.sleep(wait * random.uniform(1.0, 1.25))

    def _params(self, message: Any, files: list[JsonObject]) -> JsonObject:
        origin = origin_of(message)
        metadata = _field(message, "metadata", None) or {}
        params: JsonObject = {
            "chat": {"id": str(message.chat_id), "kind": _chat_kind(origin, metadata)},
            "sender": self._sender(str(message.sender_id), origin),
            "text": _text(_field(message, "content", "")),
            "attachments": files,
            "metadata": self._originals.to_wire(metadata),
        }
        sent_at = _field(message, "timestamp", None)
        if isinstance(sent_at, datetime) and sent_at.year > 1970:
            params["sent_at_ms"] = int(sent_at.timestamp() * 1000)
        if isinstance(metadata, dict) and metadata.get("_event_id"):
            params["event_id"] = str(metadata["_event_id"])
        session = _field(message, "session_key_override", None)
        if session:
            params["session_key"] = str(session)
        return params

    def _sender(self, id: str, origin: Origin) -> JsonObject:
        if not (origin.is_checked and self._checks_senders):
            return {"id": id}
        config = getattr(self._channel, "config", None)
        # The package's own rule let this sender pass, and it may be wider than a list of names.
        return {"id": id, "aliases": senders.aliases(id, allow_list(config)), "vouched": True}

    def _warn_about_other_channel(self, message: Any) -> None:
        named = _field(message, "channel", self._key)
        if named not in (self._key, name_of(self._channel, self._key)):
            logs.emit(
                "warn",
                "A message names another channel; it is taken as one of this channel.",
                named=named,
            )


def _field(message: Any, name: str, default: Any) -> Any:
    return getattr(message, name, default)


def _text(content: Any) -> str:
    return "" if content is None else str(content)


def _chat_kind(origin: Origin, metadata: Any) -> str:
    is_group = isinstance(metadata, dict) and metadata.get("is_group") is True
    return "group" if is_group or origin.is_dm is False else "direct"
