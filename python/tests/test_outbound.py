"""From the gateway to the channel: whole messages."""

import asyncio
from typing import Any

import pytest
from gateway import PATIENCE, Failure, Gateway


async def sent(gateway: Gateway) -> dict[str, Any]:
    found = await gateway.next(gateway.events)
    while found["call"] == "start":
        found = await gateway.next(gateway.events)
    assert found.pop("call") == "send"
    return found


async def test_an_answer_is_sent_with_everything_it_carries(running: Any) -> None:
    gateway = await running("driven:Driven")
    answer = await gateway.send(
        "Hi",
        reply_to="p1",
        attachments=[{"kind": "image", "path": "/m/a.png"}, {"kind": "file", "url": "https://x/b"}],
        metadata={"thread": 3},
    )
    assert answer == {"platform_ids": []}
    assert await sent(gateway) == {
        "channel": "driven",
        "chat_id": "c",
        "content": "Hi",
        "reply_to": "p1",
        "media": ["/m/a.png", "https://x/b"],
        "metadata": {"thread": 3, "message_id": "p1"},
    }


@pytest.mark.parametrize(
    ("kind", "flags"),
    [
        ("final", {}),
        ("notice", {"render_as": "text"}),
        ("a_later_kind", {}),
        ("progress", {"_progress": True, "_tool_hint": False}),
        ("tool_hint", {"_progress": True, "_tool_hint": True}),
    ],
)
async def test_the_kind_of_a_message_is_told_by_flags(
    running: Any, kind: str, flags: dict[str, Any]
) -> None:
    gateway = await running("driven:Driven")
    await gateway.send("x", kind=kind, metadata={"message_id": 9})
    message = await sent(gateway)
    assert message["metadata"] == {"message_id": 9, **flags}
    assert message["media"] == []
    assert message["reply_to"] is None


@pytest.mark.parametrize(
    ("result", "ids"),
    [("'m1'", ["m1"]), ("7", ["7"]), ("['a', 2]", ["a", "2"]), ("None", []), ("True", [])],
)
async def test_ids_that_send_returns_are_the_receipt_also_of_a_repetition(
    running: Any, result: str, ids: list[str]
) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(f"async def send(msg):\n    return {result}\nself.send = send")
    for attempt in (1, 2):
        answer = await gateway.send("x", delivery_id="same", attempt=attempt)
        assert answer == {"platform_ids": ids}


async def test_a_turn_with_tools_comes_in_the_order_of_the_gateway(running: Any) -> None:
    gateway = await running("driven:Driven")
    asked = [
        gateway.ask("message/send", gateway.message(text, kind=kind))[1]
        for text, kind in [("Let me look.", "progress"), ("ls .", "tool_hint"), ("Done.", "final")]
    ]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*asked)
    texts = [(await sent(gateway))["content"] for _ in range(3)]
    assert texts == ["Let me look.", "ls .", "Done."]


async def test_a_message_of_no_turn_has_empty_metadata(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.send("Reminder")
    assert (await sent(gateway))["metadata"] == {}


@pytest.mark.parametrize(
    ("code", "kind", "retry_after_ms"),
    [
        ("raise ConnectionError('x')", "network", None),
        ("raise asyncio.TimeoutError", "network", None),
        ("raise OSError('x')", "network", None),
        ("raise FileNotFoundError('x')", "internal", None),
        ("raise ValueError('x')", "internal", None),
        ("raise SystemExit(1)", "internal", None),
        ("raise asyncio.CancelledError", "internal", None),
        ("raise RuntimeError('x') from ConnectionError('y')", "network", None),
        ("e = RuntimeError('x'); e.retry_after = 2.5; raise e", "rate_limited", 2500),
        (
            "from datetime import timedelta as t; e = OSError(); e.retry_after = t(0, 3); raise e",
            "rate_limited",
            3000,
        ),
        (
            "e = RuntimeError('x'); e.status = 429; e.headers = {'Retry-After': '4'}; raise e",
            "rate_limited",
            4000,
        ),
        ("e = RuntimeError('x'); e.status_code = 429; raise e", "rate_limited", 1000),
        ("class TimedOut(Exception): pass\nraise TimedOut", "network", None),
    ],
)
async def test_an_exception_says_what_the_gateway_may_do(
    running: Any, code: str, kind: str, retry_after_ms: int | None
) -> None:
    gateway = await running("driven:Driven")
    with pytest.raises(Failure) as failure:
        await gateway.run(code)
    assert failure.value.kind == kind
    assert failure.value.error["data"].get("retry_after_ms") == retry_after_ms
    await gateway.send("still here")


async def test_an_exception_is_logged_with_its_traceback(running: Any) -> None:
    gateway = await running("driven:Driven")
    with pytest.raises(Failure, match="ZeroDivisionError: division by zero"):
        await gateway.run("1 / 0")
    line = await gateway.log("send() failed.")
    assert line["level"] == "error"
    assert "run_code" in line["message"]
    assert "ZeroDivisionError" in line["message"]


async def test_a_repeated_delivery_is_sent_once_unless_it_failed(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.send("one", delivery_id="x")
    await gateway.send("one", delivery_id="x", attempt=2)
    with pytest.raises(Failure):
        await gateway.run("raise OSError", delivery_id="y")
    await gateway.send("two", delivery_id="y", attempt=2)
    assert [(await sent(gateway))["content"] for _ in range(2)] == ["one", "two"]
    assert gateway.events.empty()


async def test_one_chat_waits_and_another_does_not(running: Any) -> None:
    gateway = await running("driven:Driven")
    wait = gateway.message("!self.go = asyncio.Event(); await self.go.wait(); event('went')")
    _, first = gateway.ask("message/send", wait)
    _, second = gateway.ask("message/send", gateway.message("second"))
    await gateway.run("event('other')", chat={"id": "d"})
    await gateway.event("start")
    await gateway.event("other")
    assert not first.done()
    await gateway.run("self.go.set()", chat={"id": "d"})
    await gateway.event("went")
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(first, second)
    assert (await sent(gateway))["content"] == "second"


async def test_a_cancelled_send_is_answered_and_the_chat_goes_on(running: Any) -> None:
    gateway = await running("driven:Driven")
    id, answer = gateway.ask("message/send", gateway.message("!await asyncio.sleep(3600)"))
    gateway.notify("$/cancel", {"id": id})
    with pytest.raises(Failure) as failure:
        async with asyncio.timeout(PATIENCE):
            await answer
    assert failure.value.kind == "cancelled"
    gateway.notify("$/cancel", {"id": 9999})
    await gateway.send("next")


async def test_a_message_that_the_channel_publishes_for_itself_is_sent(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run("await self.bus.publish_outbound(OutboundMessage('driven', 'c2', 'own'))")
    assert (await sent(gateway))["content"] == "own"


async def test_nothing_is_delivered_before_the_start(described: Any) -> None:
    gateway = await described("driven:Driven")
    with pytest.raises(Failure) as failure:
        await gateway.send("too early")
    assert failure.value.kind == "not_ready"


async def test_params_without_a_chat_are_invalid(running: Any) -> None:
    gateway = await running("driven:Driven")
    with pytest.raises(Failure) as failure:
        await gateway.request("message/send", {"delivery_id": "d", "text": "x"})
    assert failure.value.kind == "invalid"


async def test_a_class_with_another_name_gets_its_messages_all_the_same(running: Any) -> None:
    gateway = await running("odd:OtherName")
    await gateway.run("await self._handle_message('u', 'c', 'Hi')")
    await gateway.next(gateway.received)
    await gateway.send("Hello")
    assert (await sent(gateway))["channel"] == "another"
    assert (await gateway.log("different names"))["level"] == "warn"


async def test_an_error_of_the_agent_is_a_message_of_the_turn(running: Any) -> None:
    gateway = await running("driven:Streaming", streaming=True)
    await gateway.send("Error: the model is away", metadata={"thread": 3})
    assert (await sent(gateway))["metadata"] == {"thread": 3}


async def test_the_gateways_own_marks_reach_the_channel(running: Any) -> None:
    gateway = await running("driven:Streaming", streaming=True)
    await gateway.send("commands", kind="notice", metadata={"thread": 3, "render_as": "text"})
    assert (await sent(gateway))["metadata"] == {"thread": 3, "render_as": "text"}
