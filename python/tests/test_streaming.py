"""From the gateway to the channel: streams."""

import asyncio
from typing import Any

import pytest
from gateway import PATIENCE, Failure, Gateway

M = {"message_id": 5, "_wants_stream": True}


@pytest.fixture
async def gateway(running: Any) -> Gateway:
    gateway = await running("driven:Streaming", streaming=True)
    await gateway.event("start")
    return gateway


async def calls(gateway: Gateway, count: int) -> list[tuple[str, dict[str, Any]]]:
    found = [await gateway.event("send_delta") for _ in range(count)]
    return [(call["delta"], call["metadata"]) for call in found]


async def texts(gateway: Gateway, count: int) -> list[str]:
    return [delta for delta, _ in await calls(gateway, count)]


async def stream(gateway: Gateway, id: str, *deltas: str, **end: Any) -> None:
    gateway.open_stream(id, metadata=M)
    for seq, text in enumerate(deltas, 1):
        gateway.delta(id, seq, text)
        ack = await gateway.next(gateway.acks)
        assert ack == {"stream_id": id, "seq": seq}
    await gateway.end_stream(id, "".join(deltas), **end)


async def test_a_simple_answer_is_deltas_and_an_end(gateway: Gateway) -> None:
    await stream(gateway, "s:1:0", "Hello", " world")
    assert await calls(gateway, 3) == [
        ("Hello", {**M, "_stream_delta": True, "_stream_id": "s:1:0"}),
        (" world", {**M, "_stream_delta": True, "_stream_id": "s:1:0"}),
        ("", {**M, "_stream_end": True, "_resuming": False, "_stream_id": "s:1:0"}),
    ]
    assert gateway.events.empty()


async def test_a_turn_with_tools_is_two_segments_and_a_hint_between(gateway: Gateway) -> None:
    await stream(gateway, "s0", "Let me look.", continues=True)
    await gateway.send("ls .", kind="tool_hint")
    await stream(gateway, "s1", "Done.")
    first = await calls(gateway, 2)
    assert first[1][1]["_resuming"] is True
    assert "_stream_delta" not in first[1][1]
    assert (await gateway.event("send"))["metadata"] == {"_progress": True, "_tool_hint": True}
    second = await calls(gateway, 2)
    assert second[1][1]["_resuming"] is False
    assert "_resuming" not in second[0][1]


async def test_a_tool_call_without_text_is_an_end_alone(gateway: Gateway) -> None:
    await stream(gateway, "s0", continues=True)
    assert await calls(gateway, 1) == [
        ("", {**M, "_stream_end": True, "_resuming": True, "_stream_id": "s0"})
    ]


async def test_text_that_came_only_with_the_end_is_a_delta_before_it(gateway: Gateway) -> None:
    gateway.open_stream("s", metadata=M)
    await gateway.end_stream("s", "all of it")
    assert await texts(gateway, 2) == ["all of it", ""]


async def test_the_rest_of_a_text_is_delivered_before_the_end(gateway: Gateway) -> None:
    gateway.open_stream("s")
    gateway.delta("s", 1, "Hello")
    await gateway.end_stream("s", "Hello world")
    assert await texts(gateway, 3) == ["Hello", " world", ""]


async def test_white_space_at_the_edges_is_no_difference(gateway: Gateway) -> None:
    gateway.open_stream("s")
    gateway.delta("s", 1, " Hello \n")
    await gateway.end_stream("s", "Hello")
    assert await texts(gateway, 2) == [" Hello \n", ""]


async def test_a_text_that_is_not_its_deltas_is_asked_for_as_a_message(gateway: Gateway) -> None:
    gateway.open_stream("s")
    gateway.delta("s", 1, "Hello")
    with pytest.raises(Failure, match="differs from its deltas"):
        await gateway.end_stream("s", "Goodbye")
    assert await texts(gateway, 2) == ["Hello", ""]


@pytest.mark.parametrize("outcome", ["interrupted", "failed"])
async def test_an_outcome_that_is_not_complete_is_told(gateway: Gateway, outcome: str) -> None:
    await stream(gateway, "s", "Hel", outcome=outcome)
    _, end = await calls(gateway, 2)
    assert end[1]["_stream_outcome"] == outcome
    assert end[1]["_resuming"] is False


async def test_deltas_that_wait_are_joined_and_acknowledged_together(gateway: Gateway) -> None:
    gateway.open_stream("s")
    gateway.delta("s", 1, "wait")
    await gateway.event("send_delta")
    for seq, text in enumerate(["a", "b", "c"], 2):
        gateway.delta("s", seq, text)
    await gateway.run("self.released.set()", chat={"id": "d"})
    assert (await gateway.next(gateway.acks))["seq"] == 1
    assert (await gateway.next(gateway.acks))["seq"] == 4
    await gateway.end_stream("s", "waitabc")
    assert await texts(gateway, 2) == ["abc", ""]


async def test_after_a_failed_delta_comes_only_the_end_and_it_fails(gateway: Gateway) -> None:
    await gateway.run("self.fails_on = 'bad'")
    gateway.open_stream("s")
    gateway.delta("s", 1, "good ")
    gateway.delta("s", 2, "bad ")
    gateway.delta("s", 3, "more")
    with pytest.raises(Failure) as failure:
        await gateway.end_stream("s", "good bad more")
    assert failure.value.kind == "network"
    delivered = [await gateway.next(gateway.events) for _ in range(gateway.events.qsize())]
    assert [call["delta"] for call in delivered].count("") == 1
    assert delivered[-1]["metadata"]["_stream_end"] is True
    assert "more" not in [call["delta"] for call in delivered]
    acks = [gateway.acks.get_nowait() for _ in range(gateway.acks.qsize())]
    assert acks[-1]["seq"] == 3
    assert [ack["error"]["data"]["kind"] for ack in acks if "error" in ack] == ["network"]


async def test_a_failed_end_is_answered_with_an_error_and_not_repeated(gateway: Gateway) -> None:
    await gateway.run(
        "async def fail(chat_id, delta, metadata):\n"
        "    event('send_delta', delta=delta, metadata=metadata)\n"
        "    if metadata.get('_stream_end'):\n"
        "        raise ValueError('no')\n"
        "self.send_delta = fail"
    )
    with pytest.raises(Failure) as failure:
        await stream(gateway, "s", "Hello")
    assert failure.value.kind == "internal"
    assert await texts(gateway, 2) == ["Hello", ""]
    await gateway.send("Hello", delivery_id="d-s", attempt=2)
    assert (await gateway.event("send"))["content"] == "Hello"


async def test_a_delivered_stream_is_not_repeated_as_a_message(gateway: Gateway) -> None:
    await stream(gateway, "s", "Hello")
    await gateway.send("Hello", delivery_id="d-s", attempt=2)
    assert await texts(gateway, 2) == ["Hello", ""]
    assert gateway.events.empty()


async def test_two_streams_of_one_chat_do_not_mix(gateway: Gateway) -> None:
    gateway.open_stream("a")
    gateway.open_stream("b")
    gateway.delta("b", 1, "other")
    gateway.delta("a", 1, "one")
    ended = asyncio.create_task(gateway.end_stream("b", "other"))
    await gateway.end_stream("a", "one")
    await ended
    ids = [metadata["_stream_id"] for _, metadata in await calls(gateway, 4)]
    assert ids == ["a", "a", "b", "b"]


async def test_a_message_gets_through_while_a_stream_is_open(gateway: Gateway) -> None:
    gateway.open_stream("s")
    gateway.delta("s", 1, "Hel")
    await gateway.next(gateway.acks)
    await gateway.send("status", kind="notice")
    await gateway.end_stream("s", "Hello")
    kinds = [(await gateway.next(gateway.events))["call"] for _ in range(4)]
    assert kinds == ["send_delta", "send", "send_delta", "send_delta"]


async def test_a_cancelled_end_still_reaches_the_channel_once(gateway: Gateway) -> None:
    gateway.open_stream("s")
    gateway.delta("s", 1, "wait")
    await gateway.event("send_delta")
    end = {"stream_id": "s", "text": "wait", "outcome": "complete"}
    id, answer = gateway.ask("stream/end", end)
    gateway.notify("$/cancel", {"id": id})
    with pytest.raises(Failure) as failure:
        async with asyncio.timeout(PATIENCE):
            await answer
    assert failure.value.kind == "cancelled"
    assert await texts(gateway, 1) == [""]
    assert (await gateway.next(gateway.acks))["error"]["data"]["kind"] == "cancelled"
    await stream(gateway, "t", "next")
    assert await texts(gateway, 2) == ["next", ""]


async def test_originals_come_with_deltas_too(gateway: Gateway) -> None:
    await gateway.run("await self._handle_message('u', 'c', 'Hi', metadata={'pair': (1, 2)})")
    metadata = (await gateway.next(gateway.received))["metadata"]
    await gateway.run(
        "async def check(chat_id, delta, metadata):\n"
        "    event('checked', is_tuple=metadata['pair'] == (1, 2))\n"
        "self.send_delta = check"
    )
    gateway.open_stream("s", metadata=metadata)
    await gateway.end_stream("s", "x")
    assert (await gateway.event("checked"))["is_tuple"] is True


async def test_an_open_stream_gets_its_end_at_shutdown(gateway: Gateway) -> None:
    gateway.open_stream("s")
    gateway.delta("s", 1, "Hel")
    await gateway.next(gateway.acks)
    assert await gateway.shutdown() == 0
    _, end = await calls(gateway, 2)
    assert end[1]["_stream_outcome"] == "interrupted"


@pytest.mark.parametrize("entry_point", ["driven:Streaming", "driven:Driven"])
async def test_a_channel_that_does_not_stream_refuses(running: Any, entry_point: str) -> None:
    gateway = await running(entry_point, streaming=entry_point == "driven:Driven")
    await gateway.event("start")
    gateway.open_stream("s")
    gateway.delta("s", 1, "Hello")
    ack = await gateway.next(gateway.acks)
    assert (ack["seq"], ack["error"]["data"]["kind"]) == (1, "unsupported")
    with pytest.raises(Failure) as failure:
        await gateway.end_stream("s", "Hello")
    assert failure.value.kind == "unsupported"
    assert gateway.events.empty()


async def test_a_stream_that_the_package_asked_for_itself_is_taken(running: Any) -> None:
    gateway = await running("driven:Streaming", streaming=False)
    await gateway.event("start")
    await stream(gateway, "s", "Hello")
    assert await texts(gateway, 2) == ["Hello", ""]


async def test_an_end_without_a_start_is_invalid(gateway: Gateway) -> None:
    gateway.delta("none", 1, "x")
    with pytest.raises(Failure) as failure:
        await gateway.end_stream("none", "x")
    assert failure.value.kind == "invalid"


async def test_a_blank_answer_is_an_end_alone(gateway: Gateway) -> None:
    await stream(gateway, "s")
    assert await calls(gateway, 1) == [
        ("", {**M, "_stream_end": True, "_resuming": False, "_stream_id": "s"})
    ]


async def test_a_duck_streams_by_its_config_and_its_method(running: Any) -> None:
    gateway = await running("odd:StreamingDuck", streaming=True)
    assert gateway.description["capabilities"] == {"streaming": {"window": 4}}
    gateway.open_stream("s")
    await gateway.end_stream("s", "quack")
    assert [(await gateway.event("send_delta"))["delta"] for _ in range(2)] == ["quack", ""]


async def test_a_stream_of_no_turn_is_marked_as_one_too(gateway: Gateway) -> None:
    gateway.open_stream("s")
    await gateway.end_stream("s", "Reminder")
    marks = [metadata["_wants_stream"] for _, metadata in await calls(gateway, 2)]
    assert marks == [True, True]
