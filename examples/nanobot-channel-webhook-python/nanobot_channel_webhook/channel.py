"""Messages come in by ``POST /message``, replies go out by ``POST`` to a callback address."""

import asyncio
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web
from loguru import logger
from nanobot.bus.events import OutboundMessage
from nanobot.channels.base import BaseChannel

from nanobot_channel_webhook.requests import NotAMessage, parse

MAX_BODY_BYTES = 1024 * 1024
TIMEOUT = ClientTimeout(total=30)


class WebhookChannel(BaseChannel):
    name = "webhook"
    display_name = "Webhook"

    def __init__(self, config: Any, bus: Any) -> None:
        super().__init__(config, bus)
        self._client: ClientSession | None = None
        self._stopped = asyncio.Event()
        # By stream, as two answers may be on their way to one chat.
        self._buffers: dict[str, str] = {}

    @classmethod
    def default_config(cls) -> dict[str, Any]:
        return {
            "enabled": False,
            "host": "127.0.0.1",
            "port": 9000,
            "callbackUrl": None,
            "streaming": False,
            "allowFrom": [],
        }

    async def start(self) -> None:
        host, port = self.config.get("host", "127.0.0.1"), self.config.get("port", 9000)
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[as_json])
        app.router.add_post("/message", self._on_request)
        runner = web.AppRunner(app)
        self._client = ClientSession(timeout=TIMEOUT)
        try:
            await runner.setup()
            await web.TCPSite(runner, host, port).start()
            logger.info("Webhook listening on {}:{}", host, port)
            self._running = True
            await self._stopped.wait()
        finally:
            await runner.cleanup()
            await self._client.close()

    async def stop(self) -> None:
        self._running = False
        self._stopped.set()

    async def send(self, msg: OutboundMessage) -> None:
        is_final = not msg.metadata.get("_progress")
        await self._deliver(msg.chat_id, msg.content, final=is_final, media=msg.media)

    async def send_delta(
        self, chat_id: str, delta: str, metadata: dict[str, Any] | None = None
    ) -> None:
        meta = metadata or {}
        stream = meta.get("_stream_id", chat_id)
        if meta.get("_stream_end"):
            text = self._buffers.pop(stream, "")
            if text:
                await self._deliver(chat_id, text, final=not meta.get("_resuming"))
            return
        self._buffers[stream] = self._buffers.get(stream, "") + delta
        await self._deliver(chat_id, self._buffers[stream], final=False)

    async def _deliver(
        self, chat_id: str, text: str, *, final: bool, media: list[str] | None = None
    ) -> None:
        """Posts a reply; an exception makes the gateway try again."""
        url = self.config.get("callbackUrl") or self.config.get("callback_url")
        if not url:
            logger.info("[webhook] -> {}: {}", chat_id, text[:80])
            return
        if self._client is None:
            raise ConnectionError("the channel is not started")
        reply: dict[str, Any] = {"chat_id": chat_id, "text": text, "final": final}
        if media:
            reply["media"] = media
        async with self._client.post(url, json=reply) as answer:
            if answer.status >= 500:
                raise ConnectionError(f"the callback answered {answer.status}")
            # 429 is among these: its Retry-After tells the gateway how long to wait.
            answer.raise_for_status()

    async def _on_request(self, request: web.Request) -> web.Response:
        try:
            message = parse(await request.read())
        except NotAMessage as refusal:
            return refuse(refusal.status, str(refusal))
        # `_handle_message` refuses in silence; the client shall know.
        if not self.is_allowed(message.sender):
            return refuse(403, "the sender is not on the allow-list")
        try:
            await self._handle_message(
                sender_id=message.sender,
                chat_id=message.chat_id,
                content=message.text,
                media=message.media,
                metadata={"_event_id": message.event_id} if message.event_id else None,
            )
        except RuntimeError as error:
            logger.warning("A message was not stored: {}", error)
            refusal = refuse(503, "the gateway is busy and has stored nothing; send it again")
            refusal.headers["Retry-After"] = "2"
            return refusal
        # The gateway has it on disk by now.
        return web.json_response({"ok": True})


def refuse(status: int, problem: str) -> web.Response:
    return web.json_response({"ok": False, "error": problem}, status=status)


@web.middleware
async def as_json(request: web.Request, handler: Any) -> web.StreamResponse:
    """Gives refusals of the server itself (404, 405, 413) the same shape as ours."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return refuse(error.status, error.reason)
