"""The guide's own example, as it stands in the guide."""

import asyncio
import socket
from typing import Any

import aiohttp
import pytest
from gateway import PATIENCE, Failure, Gateway

ENTRY_POINT = "nanobot_channel_webhook:WebhookChannel"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def post(port: int, **body: Any) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as client:
        for _ in range(100):
            try:
                async with client.post(f"http://127.0.0.1:{port}/message", json=body) as answer:
                    return answer.status, await answer.json()
            except aiohttp.ClientConnectorError:
                # The port is bound a moment after the start, and nothing tells when.
                await asyncio.sleep(0.05)
    raise AssertionError("the webhook does not listen")


async def test_the_example_is_described(described: Any) -> None:
    gateway = await described(ENTRY_POINT, key="webhook")
    assert gateway.description["channel"] == {"kind": "webhook", "display_name": "Webhook"}
    assert gateway.description["default_config"] == {
        "enabled": False,
        "port": 9000,
        "allowFrom": [],
    }
    assert gateway.description["capabilities"] == {}


async def test_the_curl_of_the_guide_reaches_the_agent_and_is_answered(running: Any) -> None:
    port = free_port()
    gateway = await running(ENTRY_POINT, key="webhook", port=port, enabled=True)
    assert await post(port, sender="user1", chat_id="user1", text="Hello!") == (200, {"ok": True})
    received = await gateway.next(gateway.received)
    assert (received["sender"], received["chat"]["id"]) == ({"id": "user1"}, "user1")
    assert received["text"] == "Hello!"
    await gateway.send("Hi **user1**", chat={"id": "user1"})
    await gateway.log("[webhook] -> user1: Hi **user1**")
    await gateway.log(f"Webhook listening on :{port}")
    assert await gateway.shutdown() == 0
    with pytest.raises(OSError, match="refused|failed"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_text_of_null_and_media_addresses_are_taken(running: Any) -> None:
    port = free_port()
    gateway = await running(ENTRY_POINT, key="webhook", port=port)
    await post(port, sender="u", text=None, media=["https://example.org/a.png"])
    received = await gateway.next(gateway.received)
    assert received["text"] == ""
    assert received["attachments"] == [{"kind": "image", "url": "https://example.org/a.png"}]


async def test_nobody_may_write_with_an_empty_list(running: Any) -> None:
    port = free_port()
    gateway = await running(ENTRY_POINT, key="webhook", port=port, allowFrom=[])
    assert await post(port, sender="u", text="Hi") == (200, {"ok": True})
    await gateway.log("Access denied for sender u on channel webhook.")
    assert gateway.received.empty()


@pytest.fixture
async def streaming(running: Any) -> Gateway:
    return await running(
        "guide_streaming:Complete", key="webhook", port=free_port(), streaming=True
    )


async def deliveries(gateway: Gateway, count: int) -> list[tuple[str, bool]]:
    found = [await gateway.event("deliver") for _ in range(count)]
    return [(delivery["text"], delivery["final"]) for delivery in found]


async def test_the_streaming_example_delivers_growing_text(streaming: Gateway) -> None:
    streaming.open_stream("s")
    streaming.delta("s", 1, "Hello ")
    await streaming.next(streaming.acks)
    streaming.delta("s", 2, "world")
    await streaming.end_stream("s", "Hello world")
    assert await deliveries(streaming, 3) == [
        ("Hello ", False),
        ("Hello world", False),
        ("Hello world", True),
    ]


async def test_a_failed_delta_does_not_double_the_text_of_the_example(streaming: Gateway) -> None:
    await streaming.send("break 1")
    streaming.open_stream("s")
    streaming.delta("s", 1, "Hello ")
    await streaming.next(streaming.acks)
    streaming.delta("s", 2, "world")
    with pytest.raises(Failure):
        await streaming.end_stream("s", "Hello world")
    await streaming.send("Hello world", delivery_id="d-s", attempt=2)
    # The end hands out what the buffer holds; the message that follows is whole.
    assert await deliveries(streaming, 2) == [("Hello ", True), ("Hello world", True)]


async def test_a_failed_end_does_not_lose_the_text_of_the_example(streaming: Gateway) -> None:
    streaming.open_stream("s")
    streaming.delta("s", 1, "Hello")
    await streaming.next(streaming.acks)
    await streaming.send("break 1", chat={"id": "other"})
    with pytest.raises(Failure):
        await streaming.end_stream("s", "Hello")
    await streaming.send("Hello", delivery_id="d-s", attempt=2)
    assert await deliveries(streaming, 2) == [("Hello", False), ("Hello", True)]


async def test_two_answers_in_one_chat_do_not_mix_in_the_example(streaming: Gateway) -> None:
    streaming.open_stream("a")
    streaming.open_stream("b")
    streaming.delta("a", 1, "one")
    streaming.delta("b", 1, "two")
    both = asyncio.gather(streaming.end_stream("b", "two"), streaming.end_stream("a", "one"))
    async with asyncio.timeout(PATIENCE):
        await both
    assert await deliveries(streaming, 4) == [
        ("one", False),
        ("one", True),
        ("two", False),
        ("two", True),
    ]


async def test_without_streaming_only_messages_are_sent(running: Any) -> None:
    gateway = await running("guide_streaming:Complete", key="webhook", port=free_port())
    await gateway.send("whole")
    assert await deliveries(gateway, 1) == [("whole", True)]
