"""Whoever connects says a name in the first line; each further line is a message."""

import asyncio
from typing import Any

from nanobot.bus.events import OutboundMessage
from nanobot.channels.base import BaseChannel

# Longest line that is read. Whoever sends a longer one is disconnected.
MAX_LINE_BYTES = 64 * 1024
# How long somebody may take to read an answer.
PATIENCE_SECONDS = 10


class LineChannel(BaseChannel):
    name = "parley"
    display_name = "Parley"

    def __init__(self, config: Any, bus: Any) -> None:
        super().__init__(config, bus)
        self.address = ""
        self.listening = asyncio.Event()
        self._stopped = asyncio.Event()
        self._people: dict[str, asyncio.StreamWriter] = {}

    @classmethod
    def default_config(cls) -> dict[str, Any]:
        """The section to start from. There is no password: anybody can take any name."""
        return {"enabled": False, "host": "127.0.0.1", "port": 9000, "allowFrom": []}

    async def start(self) -> None:
        """Receives until stop(); returning earlier means that the channel is dead."""
        host, port = self.config.get("host", "127.0.0.1"), self.config.get("port", 9000)
        server = await asyncio.start_server(self._talk, host, port, limit=MAX_LINE_BYTES)
        host, port = server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"
        self.logger.info("Listening on {}", self.address)
        self._running = True
        self.listening.set()
        try:
            await self._stopped.wait()
        finally:
            server.close()
            for writer in self._people.values():
                writer.close()

    async def stop(self) -> None:
        self._running = False
        self._stopped.set()

    async def send(self, msg: OutboundMessage) -> None:
        """Delivers one message. The exception decides whether the gateway tries again."""
        writer = self._people.get(msg.chat_id)
        if writer is None:
            raise ConnectionError(f"{msg.chat_id} is not connected")
        await say(writer, msg.content)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first line to its last."""
        name = await next_line(reader)
        try:
            if name:
                self._people[name] = writer
                while (text := await next_line(reader)) is not None:
                    if text:
                        await self._take(name, text, writer)
        except (ConnectionError, TimeoutError) as error:
            self.logger.debug("A connection was lost: {}", error)
        finally:
            # Somebody may have connected with the name since.
            if name and self._people.get(name) is writer:
                del self._people[name]
            writer.close()

    async def _take(self, name: str, text: str, writer: asyncio.StreamWriter) -> None:
        # `_handle_message` refuses in silence; people shall know.
        if not self.is_allowed(name):
            await say(writer, "You are not on the allow-list.")
            return
        try:
            # Returns when the gateway has the message on its disk: only now it may be acknowledged
            # to a platform that wants that.
            await self._handle_message(sender_id=name, chat_id=name, content=text)
        except RuntimeError as error:
            await say(writer, f"Please say that again later: {error}")


async def next_line(reader: asyncio.StreamReader) -> str | None:
    """The next line without its end; None at the end of the connection, or of our patience."""
    try:
        line = await reader.readline()
    except (ValueError, ConnectionError):
        return None
    return line.decode("utf-8", "replace").strip() if line.endswith(b"\n") else None


async def say(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(f"{text}\n".encode())
    await asyncio.wait_for(writer.drain(), PATIENCE_SECONDS)
