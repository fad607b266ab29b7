"""The bus that a running channel is given."""

from collections.abc import Callable
from typing import Any

from nanobot.bus.queue import MessageBus
from nanobot.host import logs
from nanobot.host.intake import Intake


class GatewayBus(MessageBus):
    """Leads to the gateway. Both directions may be used in any thread and on any loop."""

    def __init__(self, intake: Intake, send: Callable[[Any], None]) -> None:
        super().__init__()
        self._intake = intake
        self._send = send

    async def publish_inbound(self, msg: Any) -> None:
        """Returns once the gateway has stored the message."""
        await self._intake.publish(msg)

    async def publish_outbound(self, msg: Any) -> None:
        """Hands a message to the channel that it names."""
        self._send(msg)

    async def pump_inbound(self) -> None:
        """Takes what a package put into the queue itself."""
        while True:
            message = await self.inbound.get()
            try:
                await self._intake.publish(message)
            except Exception as error:
                logs.exception("A message could not be handed over.", error)

    async def pump_outbound(self) -> None:
        """Takes what a package put into the other queue itself."""
        while True:
            self._send(await self.outbound.get())
