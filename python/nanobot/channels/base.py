"""The class that every channel derives from."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from loguru import logger

from nanobot import _services
from nanobot._origin import mark_checked
from nanobot._sections import allow_list, setting
from nanobot.bus.events import InboundMessage, OutboundMessage
from nanobot.bus.queue import MessageBus


class BaseChannel(ABC):
    """Connects one chat platform with the gateway.

    A channel package derives one class from this and names it in the entry point group
    ``nanobot.channels``. Config, start, stop and delivery all happen on one asyncio loop.
    """

    name: str = "base"
    display_name: str = "Base"

    transcription_provider: str = "groq"
    transcription_api_key: str = ""

    # The gateway decides by the config which of these messages it sends; a channel may look.
    send_progress: bool = True
    send_tool_hints: bool = False
    show_reasoning: bool = True

    _running: bool = False

    def __init__(self, config: Any, bus: MessageBus) -> None:
        self.config = config
        self.bus = bus
        self._running = False

    @cached_property
    def logger(self) -> Any:
        """Loguru's logger, bound to the channel's name."""
        return logger.bind(channel=str(self.name))

    @abstractmethod
    async def start(self) -> None:
        """Connects to the platform and receives until ``stop()`` is called."""

    @abstractmethod
    async def stop(self) -> None:
        """Makes ``start()`` return and releases what it holds."""

    @abstractmethod
    async def send(self, msg: OutboundMessage) -> None:
        """Delivers one message; an exception makes the gateway try again."""

    async def send_delta(
        self, chat_id: str, delta: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Delivers a piece of streamed text; override it to stream.

        ``metadata`` says what the call is: ``_stream_delta`` for text, ``_stream_end`` (with an
        empty ``delta``) for the end of a segment, ``_resuming`` if another segment follows.
        """

    async def login(self, force: bool = False) -> bool:
        """Logs in with the help of a person; true if the channel is logged in afterwards."""
        return True

    @classmethod
    def default_config(cls) -> dict[str, Any]:
        """The section that ``nanobot onboard`` writes into the config."""
        return {"enabled": False}

    @property
    def supports_streaming(self) -> bool:
        """True if the config says ``"streaming": true`` and the class overrides `send_delta`."""
        wanted = bool(setting(self.config, "streaming"))
        return wanted and type(self).send_delta is not BaseChannel.send_delta

    @property
    def is_running(self) -> bool:
        """What `start` and `stop` last set ``_running`` to."""
        return self._running

    def is_allowed(self, sender_id: str) -> bool:
        """True if the sender is on the ``allowFrom`` list, or the list holds ``"*"``.

        An empty list allows nobody. Entries are compared whole and exactly.
        """
        allowed = allow_list(self.config)
        if not allowed:
            self.logger.warning("{}: allowFrom is empty, so nobody may write.", self.name)
            return False
        return "*" in allowed or str(sender_id) in allowed

    async def transcribe_audio(self, file_path: Any) -> str:
        """The words of an audio file; an empty string if there is no transcription.

        The gateway transcribes: the keys of speech services stay there. What kept it from that is
        logged. Safe to await in any thread and on any loop.
        """
        try:
            return await _services.transcribe(str(file_path))
        except Exception as error:
            reason = str(error) or type(error).__name__
            self.logger.warning("No transcription of {}: {}", file_path, reason)
            return ""

    async def _handle_message(
        self,
        sender_id: str | int,
        chat_id: str | int,
        content: str | None,
        media: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        session_key: str | None = None,
        is_dm: bool | None = None,
    ) -> None:
        """Hands a received message to the agent.

        Returns once the gateway has stored it, or has refused it: either way it need not be
        offered again. Safe to await in any thread and on any loop.
        """
        sender = str(sender_id)
        if not self.is_allowed(sender):
            self.logger.warning(ACCESS_DENIED, sender, self.name)
            return
        own = dict(metadata or {})
        if self.supports_streaming:
            own["_wants_stream"] = True
        message = InboundMessage(
            channel=self.name,
            sender_id=sender,
            chat_id=str(chat_id),
            content="" if content is None else str(content),
            media=[media] if isinstance(media, str) else list(media or []),
            metadata=own,
            session_key_override=session_key,
        )
        mark_checked(message, is_dm)
        await self.bus.publish_inbound(message)


ACCESS_DENIED = (
    "Access denied for sender {} on channel {}. "
    "Add them to allowFrom list in config to grant access."
)
