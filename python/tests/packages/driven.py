"""Channels that tests drive: a sent text that starts with `!` is Python code to run."""

import asyncio
import json
import sys
import textwrap
from typing import Any

from nanobot.bus.events import InboundMessage, OutboundMessage
from nanobot.channels.base import BaseChannel

__all__ = ["Driven", "InboundMessage", "OutboundMessage", "Streaming"]


def event(call: str, **fields: Any) -> None:
    line = "EVENT " + json.dumps({"call": call, **fields}, default=repr)
    print(line, file=sys.stderr, flush=True)


class Driven(BaseChannel):
    name = "driven"
    display_name = "Driven"

    @classmethod
    def default_config(cls) -> dict[str, Any]:
        return {"enabled": False, "port": 9000, "allowFrom": []}

    async def start(self) -> None:
        self._running = True
        event("start", config=self.config)
        while self._running:
            await asyncio.sleep(0.05)
        event("cleanup")

    async def stop(self) -> None:
        self._running = False
        event("stop")

    async def send(self, msg: OutboundMessage) -> None:
        if msg.content.startswith("!"):
            await self.run_code(msg.content[1:], msg)
            return
        event(
            "send",
            channel=msg.channel,
            chat_id=msg.chat_id,
            content=msg.content,
            reply_to=msg.reply_to,
            media=msg.media,
            metadata=msg.metadata,
        )

    async def run_code(self, code: str, msg: OutboundMessage) -> None:
        names = {**globals(), "self": self, "msg": msg}
        exec("async def _code():\n" + textwrap.indent(textwrap.dedent(code), "    "), names)  # noqa: S102
        await names["_code"]()


class Streaming(Driven):
    fails_on = ""

    async def send_delta(
        self, chat_id: str, delta: str, metadata: dict[str, Any] | None = None
    ) -> None:
        event("send_delta", chat_id=chat_id, delta=delta, metadata=metadata)
        if self.fails_on and self.fails_on in delta:
            raise ConnectionError("platform is away")
        if "wait" in delta:
            self.released = asyncio.Event()
            await self.released.wait()
