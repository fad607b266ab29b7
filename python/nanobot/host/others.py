"""Messages of the package for other channels."""

import asyncio
from pathlib import Path
from typing import Any

from nanobot.host import attachments, logs
from nanobot.host.link import Link, LinkClosed
from nanobot.host.originals import fitting
from nanobot.host.patience import ask
from nanobot.host.wire import JsonObject, WireError

# More than a lane of the gateway holds.
_MAX_WAITING = 256
_MAX_SECONDS = 120.0


class Others:
    """Hands messages for other channels to the gateway, one after the other."""

    def __init__(self, link: Link, is_offered: bool, media_folder: Path) -> None:
        self._link = link
        self._is_offered = is_offered
        self._media_folder = media_folder
        self._waiting: asyncio.Queue[Any] = asyncio.Queue(_MAX_WAITING)

    def take(self, message: Any) -> None:
        """Takes a message; to be called on the loop."""
        metadata = getattr(message, "metadata", None) or {}
        if metadata.get("_streamed"):
            return
        if metadata.get("_stream_delta") or metadata.get("_stream_end"):
            _dropped(message, "text cannot be streamed to another channel")
        elif not self._is_offered:
            _dropped(message, "this channel's section of the config has an empty publishTo")
        else:
            try:
                self._waiting.put_nowait(message)
            except asyncio.QueueFull:
                _dropped(message, "too many messages wait for other channels")

    async def run(self) -> None:
        """Hands over what was taken, for as long as the channel runs."""
        while True:
            message = await self._waiting.get()
            try:
                params = await self._params(message)
                await ask(self._link, "message/publish", params, _MAX_SECONDS)
            except WireError as error:
                _dropped(message, _explained(error))
            except (LinkClosed, TimeoutError) as error:
                _dropped(message, str(error) or "the gateway did not answer in time")
            except Exception as error:
                logs.exception("A message for another channel could not be handed over.", error)
            finally:
                self._waiting.task_done()

    async def finished(self, seconds: float) -> None:
        """Waits until everything that was taken is handed over."""
        try:
            await asyncio.wait_for(self._waiting.join(), seconds)
        except TimeoutError:
            logs.emit("warn", "Messages for other channels are lost.", count=self._waiting.qsize())

    async def _params(self, message: Any) -> JsonObject:
        content = getattr(message, "content", None)
        params: JsonObject = {
            "channel": str(message.channel),
            "chat": {"id": str(message.chat_id)},
            "text": "" if content is None else str(content),
            "metadata": fitting(getattr(message, "metadata", None) or {}),
        }
        media = getattr(message, "media", None) or []
        if files := await attachments.to_wire(media, self._media_folder):
            params["attachments"] = files
        reply_to = getattr(message, "reply_to", None)
        if reply_to is not None:
            params["reply_to"] = str(reply_to)
        return params


def _explained(error: WireError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _dropped(message: Any, reason: str) -> None:
    named = str(getattr(message, "channel", None))
    logs.emit("warn", f"A message for the channel {named} was dropped: {reason}.")
