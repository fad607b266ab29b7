"""The bus that channels publish to."""

import asyncio

from nanobot.bus.events import InboundMessage, OutboundMessage


class MessageBus:
    """Two queues, one for each direction.

    A running channel is given a bus that leads to the gateway instead; this plain one serves the
    tests of a channel package.
    """

    def __init__(self) -> None:
        self.inbound: asyncio.Queue[InboundMessage] = asyncio.Queue()
        self.outbound: asyncio.Queue[OutboundMessage] = asyncio.Queue()

    async def publish_inbound(self, msg: InboundMessage) -> None:
        """Hands a message to the agent."""
        await self.inbound.put(msg)

    async def consume_inbound(self) -> InboundMessage:
        """Waits for the next message to the agent."""
        return await self.inbound.get()

    async def publish_outbound(self, msg: OutboundMessage) -> None:
        """Hands a message to the channel that it names."""
        await self.outbound.put(msg)

    async def consume_outbound(self) -> OutboundMessage:
        """Waits for the next message to a channel."""
        return await self.outbound.get()

    @property
    def inbound_size(self) -> int:
        """Messages that wait for the agent."""
        return self.inbound.qsize()

    @property
    def outbound_size(self) -> int:
        """Messages that wait for a channel."""
        return self.outbound.qsize()
