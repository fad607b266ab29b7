"""The guide's streaming example, and what it leaves to the reader."""

from typing import Any

from driven import event
from nanobot_channel_webhook import WebhookChannel as PlainChannel

from nanobot.bus.events import OutboundMessage
from nanobot.channels.base import BaseChannel


class WebhookChannel(BaseChannel):
    name = "webhook"
    display_name = "Webhook"

    def __init__(self, config, bus):
        super().__init__(config, bus)
        self._buffers: dict[str, str] = {}

    async def send_delta(self, chat_id: str, delta: str, metadata: dict[str, Any] | None = None) -> None:
        meta = metadata or {}
        if meta.get("_stream_end"):
            text = self._buffers.pop(chat_id, "")
            # Final delivery — format and send the complete message
            await self._deliver(chat_id, text, final=True)
            return

        self._buffers.setdefault(chat_id, "")
        self._buffers[chat_id] += delta
        # Incremental update — push partial text to the client
        await self._deliver(chat_id, self._buffers[chat_id], final=False)

    async def send(self, msg: OutboundMessage) -> None:
        # Non-streaming path — unchanged
        await self._deliver(msg.chat_id, msg.content, final=True)


class Complete(WebhookChannel, PlainChannel):
    """The example with the rest of the channel, and a delivery that can fail."""

    broken = 0

    async def _deliver(self, chat_id: str, text: str, final: bool) -> None:
        if Complete.broken:
            Complete.broken -= 1
            raise ConnectionError("client is away")
        event("deliver", chat_id=chat_id, text=text, final=final)

    async def send(self, msg: OutboundMessage) -> None:
        if msg.content.startswith("break "):
            Complete.broken = int(msg.content.split()[1])
            return
        await super().send(msg)
