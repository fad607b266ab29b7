"""Channels that do what real packages have been seen to do."""

import asyncio
import logging
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driven import Driven, Streaming, event
from loguru import logger
from pydantic import Field

from nanobot.bus.events import OutboundMessage
from nanobot.channels.base import BaseChannel
from nanobot.config.paths import get_media_dir, get_runtime_subdir
from nanobot.config.schema import Base

not_a_channel = 42


class NotAChannel:
    pass


class Unfinished(BaseChannel):
    name = "unfinished"


class StartsAThread(Driven):
    """Its `start()` returns at once; a thread goes on."""

    async def start(self) -> None:
        self._done = threading.Event()
        threading.Thread(target=self._done.wait, name="own-server").start()
        event("start")

    async def stop(self) -> None:
        self._done.set()
        event("stop")


class StartsATask(Driven):
    async def start(self) -> None:
        self._task = asyncio.create_task(asyncio.sleep(3600))
        event("start")

    async def stop(self) -> None:
        self._task.cancel()
        event("stop")


class OnlyRaisesItsFlag(Driven):
    async def start(self) -> None:
        self._running = True
        event("start")


class Dies(Driven):
    async def start(self) -> None:
        event("start")


class RaisesInStart(Driven):
    async def start(self) -> None:
        raise ConnectionRefusedError("no platform here")


class ExitsInStart(Driven):
    async def start(self) -> None:
        sys.exit(3)


class RaisesInStop(Driven):
    async def stop(self) -> None:
        raise RuntimeError("stop is broken")


class NeverStops(Driven):
    async def start(self) -> None:
        self._running = True
        event("start")
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            event("cancelled")
            raise

    async def stop(self) -> None:
        await asyncio.sleep(3600)


class LeavesAThread(Driven):
    async def start(self) -> None:
        threading.Thread(target=time.sleep, args=(3600,)).start()
        await super().start()


class RaisesInInit(Driven):
    def __init__(self, config: Any, bus: Any) -> None:
        super().__init__(config, bus)
        self.token = config["token"]


class RaisesInDefaultConfig(Driven):
    @classmethod
    def default_config(cls) -> dict[str, Any]:
        raise TypeError("no defaults today")


class TypedConfig(Base):
    enabled: bool = True
    allow_from: list[str] = Field(default_factory=list)
    poll_interval_seconds: int = 30
    streaming: bool = False


class Typed(Streaming):
    @classmethod
    def default_config(cls) -> Any:
        return TypedConfig()

    def __init__(self, config: Any, bus: Any, *, clock: Any = None) -> None:
        super().__init__(TypedConfig.model_validate(config), bus)
        event("init", interval=self.config.poll_interval_seconds, clock=clock)


class SplitsSenders(Driven):
    """Lets `id|username` pass if one of the halves is on the list."""

    def is_allowed(self, sender_id: str) -> bool:
        return any(super(SplitsSenders, self).is_allowed(half) for half in sender_id.split("|"))


class AllowsAnybody(Driven):
    def is_allowed(self, sender_id: str) -> bool:
        return True


class CapturesTranscription(Driven):
    def __init__(self, config: Any, bus: Any) -> None:
        super().__init__(config, bus)
        self.transcribe = self.transcribe_audio


class OtherName(Driven):
    @property
    def name(self) -> str:  # type: ignore[override]
        return "another"


@dataclass
class OwnMessage:
    channel: str
    sender_id: int
    chat_id: int
    content: str | None
    metadata: dict[str, Any] = field(default_factory=dict)


class Duck:
    """Derives from nothing of ours."""

    def __init__(self, config: dict[str, Any], bus: Any) -> None:
        self.config, self.bus = config, bus
        self.ended = asyncio.Event()

    async def start(self) -> None:
        message = OwnMessage("duck", 7, 42, None, {"_wants_stream": True})
        await self.bus.publish_inbound(message)
        await self.ended.wait()

    async def stop(self) -> None:
        self.ended.set()

    async def send(self, msg: OutboundMessage) -> None:
        event("send", content=msg.content, channel=msg.channel)


class StreamingDuck(Duck):
    async def send_delta(self, chat_id: str, delta: str, metadata: dict[str, Any]) -> None:
        event("send_delta", delta=delta)


def make_duck(config: dict[str, Any], bus: Any) -> Duck:
    return Duck(config, bus)


class Loud(Driven):
    """Prints, logs, and sets up everybody's logging."""

    def __init__(self, config: Any, bus: Any) -> None:
        super().__init__(config, bus)
        print('{"jsonrpc":"2.0","method":"channel/status","params":{"state":"failed"}}')
        sys.__stdout__.write("to the first stdout\n")
        sys.__stdout__.flush()
        logger.info("by loguru")
        logging.getLogger("lib").warning("by logging %s", "too")
        logger.remove()
        logging.basicConfig(stream=sys.stdout, force=True)
        logging.disable(logging.CRITICAL)


class NeedsLogin(Driven):
    async def login(self, force: bool = False) -> bool:
        import getpass

        event("login", config=self.config, bus=self.bus, force=force)
        print("Scan this:\n##\n##")
        code = input("Code: ")
        secret = getpass.getpass("Password: ")
        print("thanks", end="")
        return (code, secret) == ("1234", "s3cret")


class LoginFails(Driven):
    async def login(self, force: bool = False) -> bool:
        raise ConnectionError("no network")


class Folders(Driven):
    at_import = str(get_runtime_subdir("at-import"))

    async def start(self) -> None:
        event(
            "folders",
            media=str(get_media_dir("driven")),
            other=str(get_media_dir("other")),
            state=str(get_runtime_subdir("own")),
            at_import=self.at_import,
            home=str(Path.home()),
        )
        await super().start()
