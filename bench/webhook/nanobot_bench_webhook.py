"""The guide's webhook channel, which runs on the original and on ours."""

import asyncio
from types import SimpleNamespace
from typing import Any

from aiohttp import ClientSession, web
from nanobot.bus.events import OutboundMessage
from nanobot.channels.base import BaseChannel


class WebhookChannel(BaseChannel):
    name = "webhook"
    display_name = "Webhook"

    def __init__(self, config: Any, bus: Any) -> None:
        # Some versions of the original read `allow_from` of a section only as an attribute.
        section = SimpleNamespace(
            host="127.0.0.1",
            port=config["port"],
            callback_url=config["callbackUrl"],
            streaming=config["streaming"],
            allow_from=config["allowFrom"],
        )
        super().__init__(section, bus)
        self._client: ClientSession | None = None
        self._stopped = asyncio.Event()
        self._texts: dict[str, str] = {}

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/message", self._on_request)
        runner = web.AppRunner(app, access_log=None)
        self._client = ClientSession()
        try:
            await runner.setup()
            await web.TCPSite(runner, self.config.host, self.config.port).start()
            self._running = True
            await self._stopped.wait()
        finally:
            await runner.cleanup()
            await self._client.close()

    async def stop(self) -> None:
        self._running = False
        self._stopped.set()

    async def send(self, msg: OutboundMessage) -> None:
        await self._post(msg.chat_id, msg.content, not msg.metadata.get("_progress"))

    async def send_delta(
        self, chat_id: str, delta: str, metadata: dict[str, Any] | None = None
    ) -> None:
        meta = metadata or {}
        stream = meta.get("_stream_id", chat_id)
        text = self._texts.get(stream, "") + delta
        is_end = bool(meta.get("_stream_end"))
        # Kept only when the post succeeded, so that a delta that is sent again counts once.
        if text:
            await self._post(chat_id, text, is_end and not meta.get("_resuming"))
        if is_end:
            self._texts.pop(stream, None)
        else:
            self._texts[stream] = text

    async def _post(self, chat_id: str, text: str, final: bool) -> None:
        assert self._client is not None
        reply = {"chat_id": chat_id, "text": text, "final": final}
        async with self._client.post(self.config.callback_url, json=reply) as answer:
            answer.raise_for_status()

    async def _on_request(self, request: web.Request) -> web.Response:
        body = await request.json()
        event_id = body.get("event_id")
        await self._handle_message(
            sender_id=body["sender"],
            chat_id=body["chat_id"],
            content=body["text"],
            media=[],
            metadata={"_event_id": event_id} if event_id else {},
        )
        return web.json_response({"ok": True})


def __getattr__(name: str) -> type[WebhookChannel]:
    """The entry points `hook001` and so on, for many channels in one gateway."""
    if not name.startswith("hook"):
        raise AttributeError(name)
    return type(name, (WebhookChannel,), {"name": name, "display_name": name})
