"""What a channel gets to see of one turn, call by call, as the Python program showed it.

Each test is one timeline of its channels. Where that program lost text or repeated it, the test says
what is made of it here.
"""

from typing import Any

import pytest
from gateway import Gateway

# A message's own metadata, which comes back with every call of its turn.
M = {"message_id": 5, "thread": "t"}
STREAMED = {**M, "_wants_stream": True}
BASE = "driven:c:1790000000000000000"


@pytest.fixture
async def plain(running: Any) -> Gateway:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    return gateway


@pytest.fixture
async def streaming(running: Any) -> Gateway:
    gateway = await running("driven:Streaming", streaming=True)
    await gateway.event("start")
    return gateway


async def say(gateway: Gateway, text: str, kind: str = "final", metadata: Any = M) -> None:
    await gateway.send(text, kind=kind, metadata=metadata)


async def segment(gateway: Gateway, number: int, *deltas: str, **end: Any) -> None:
    id = f"{BASE}:{number}"
    gateway.open_stream(id, metadata=STREAMED)
    for seq, text in enumerate(deltas, 1):
        gateway.delta(id, seq, text)
        await gateway.next(gateway.acks)
    await gateway.end_stream(id, end.pop("text", "".join(deltas)), **end)


async def seen(gateway: Gateway) -> list[tuple[str, str, dict[str, Any]]]:
    """All calls so far: text or delta, and metadata."""
    await gateway.run("event('mark')")
    calls = []
    while (call := await gateway.next(gateway.events))["call"] != "mark":
        calls.append((call["call"], call.get("content", call.get("delta")), call["metadata"]))
    return calls


def delta(text: str, number: int = 0) -> tuple[str, str, dict[str, Any]]:
    flags = {"_stream_delta": True, "_stream_id": f"{BASE}:{number}"}
    return ("send_delta", text, {**STREAMED, **flags})


def end(number: int = 0, *, resuming: bool = False, **more: Any) -> tuple[str, str, dict[str, Any]]:
    flags = {"_stream_end": True, "_resuming": resuming, "_stream_id": f"{BASE}:{number}"}
    return ("send_delta", "", {**STREAMED, **flags, **more})


def progress(text: str, *, is_hint: bool, metadata: Any = M) -> tuple[str, str, dict[str, Any]]:
    return ("send", text, {**metadata, "_progress": True, "_tool_hint": is_hint})


async def test_1_an_answer_is_one_message(plain: Gateway) -> None:
    await say(plain, "Hello")
    assert await seen(plain) == [("send", "Hello", M)]


async def test_2_tools_are_told_of_before_the_answer(plain: Gateway) -> None:
    await say(plain, "Let me look.", "progress")
    await say(plain, "ls .", "tool_hint")
    await say(plain, "Done.")
    assert await seen(plain) == [
        progress("Let me look.", is_hint=False),
        progress("ls .", is_hint=True),
        ("send", "Done.", M),
    ]


async def test_3_a_streamed_answer_is_deltas_and_one_end_and_no_message(streaming: Gateway) -> None:
    await segment(streaming, 0, "Hel", "lo")
    assert await seen(streaming) == [delta("Hel"), delta("lo"), end()]


async def test_4_each_round_of_tools_ends_a_segment_with_or_without_text(
    streaming: Gateway,
) -> None:
    await segment(streaming, 0, "Let me look.", continues=True)
    await say(streaming, "ls .", "tool_hint", STREAMED)
    await segment(streaming, 1, continues=True)
    await segment(streaming, 2, "Done.")
    assert await seen(streaming) == [
        delta("Let me look."),
        end(resuming=True),
        progress("ls .", is_hint=True, metadata=STREAMED),
        end(1, resuming=True),
        delta("Done.", 2),
        end(2),
    ]


async def test_5_the_text_after_blank_answers_is_not_lost(streaming: Gateway) -> None:
    await segment(streaming, 0, text="I could not produce an answer.")
    assert await seen(streaming) == [delta("I could not produce an answer."), end()]


async def test_6_a_message_of_a_tool_has_its_own_metadata_also_while_a_stream_is_open(
    streaming: Gateway,
) -> None:
    streaming.open_stream(f"{BASE}:0", metadata=STREAMED)
    streaming.delta(f"{BASE}:0", 1, "See ")
    await streaming.next(streaming.acks)
    await say(streaming, "the file", metadata={"message_id": 5})
    await streaming.end_stream(f"{BASE}:0", "See above.")
    await say(streaming, "to another chat", metadata={})
    assert await seen(streaming) == [
        delta("See "),
        ("send", "the file", {"message_id": 5}),
        delta("above."),
        end(),
        ("send", "to another chat", {}),
    ]


async def test_7_errors_reach_the_chat_streamed_or_not(plain: Gateway, streaming: Gateway) -> None:
    await say(plain, "Error: no model")
    assert await seen(plain) == [("send", "Error: no model", M)]
    await segment(streaming, 0, "I beg", text="I beg\n\nError: no model", outcome="failed")
    assert await seen(streaming) == [
        delta("I beg"),
        delta("\n\nError: no model"),
        end(_stream_outcome="failed"),
    ]


async def test_8_a_wait_for_the_model_is_progress(streaming: Gateway) -> None:
    await say(streaming, "Model request failed, retry in 1s.", "progress", STREAMED)
    expected = progress("Model request failed, retry in 1s.", is_hint=False, metadata=STREAMED)
    assert await seen(streaming) == [expected]


async def test_9_a_command_is_answered_by_a_message_that_is_plain_text(streaming: Gateway) -> None:
    await say(streaming, "commands:", "notice", STREAMED)
    assert await seen(streaming) == [("send", "commands:", {**STREAMED, "render_as": "text"})]


async def test_10_what_nobody_asked_for_has_no_metadata(streaming: Gateway) -> None:
    await say(streaming, "Reminder", metadata={})
    assert await seen(streaming) == [("send", "Reminder", {})]


async def test_11_a_stopped_stream_gets_its_end(streaming: Gateway) -> None:
    await segment(streaming, 0, "Hel", outcome="interrupted")
    assert await seen(streaming) == [delta("Hel"), end(_stream_outcome="interrupted")]
