"""The channel with somebody at its other end; the bus plays the gateway."""

import asyncio
import unittest
from typing import Any

from nanobot.bus.events import OutboundMessage
from nanobot.bus.queue import MessageBus

from nanobot_channel_parley import LineChannel


class LineChannelTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.bus = MessageBus()
        self.channel = LineChannel({"port": 0, "allowFrom": ["ada"]}, self.bus)
        self.running = asyncio.create_task(self.channel.start())
        await asyncio.wait_for(self.channel.listening.wait(), 10)

    async def asyncTearDown(self) -> None:
        await self.channel.stop()
        await asyncio.wait_for(self.running, 10)

    async def connect(self, said: str) -> Any:
        host, port = self.channel.address.rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        self.addCleanup(writer.close)
        writer.write(said.encode())
        return reader

    async def test_a_line_is_a_message_and_the_answer_comes_back(self) -> None:
        reader = await self.connect("ada\nHello!\n")
        message = await asyncio.wait_for(self.bus.consume_inbound(), 10)
        self.assertEqual((message.sender_id, message.content), ("ada", "Hello!"))
        await self.channel.send(OutboundMessage("parley", message.chat_id, "Hi Ada."))
        self.assertEqual(await asyncio.wait_for(reader.readline(), 10), b"Hi Ada.\n")

    async def test_whoever_is_not_allowed_is_told(self) -> None:
        reader = await self.connect("eve\nHello!\n")
        answer = await asyncio.wait_for(reader.readline(), 10)
        self.assertEqual(answer, b"You are not on the allow-list.\n")

    async def test_an_answer_to_somebody_who_is_gone_is_tried_again(self) -> None:
        with self.assertRaises(ConnectionError):
            await self.channel.send(OutboundMessage("parley", "bob", "Hi Bob."))


if __name__ == "__main__":
    unittest.main()
