"""From the channel to the gateway."""

import asyncio
from typing import Any

from gateway import PATIENCE, overloaded, refused


async def test_a_message_reaches_the_gateway_with_text_ids_and_session(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(
        "await self._handle_message(7, 42, 'Hi', metadata={'message_id': 5}, session_key='s')"
    )
    received = await gateway.next(gateway.received)
    assert received.pop("sent_at_ms") > 0
    assert received == {
        "chat": {"id": "42", "kind": "direct"},
        "sender": {"id": "7"},
        "text": "Hi",
        "attachments": [],
        "metadata": {"message_id": 5},
        "session_key": "s",
    }


async def test_content_that_is_no_text_becomes_text(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run("await self._handle_message('u', 'c', None)")
    await gateway.run("await self._handle_message('u', 'c', 12.5)")
    assert (await gateway.next(gateway.received))["text"] == ""
    assert (await gateway.next(gateway.received))["text"] == "12.5"


async def test_half_a_surrogate_pair_does_not_lose_the_message(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run("await self._handle_message('u', 'c', 'a\\ud83d\\ude00b\\ud800c')")
    assert (await gateway.next(gateway.received))["text"] == "a😀b\ufffdc"


async def test_handle_message_returns_only_when_the_gateway_has_answered(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: None
    _, done = gateway.ask(
        "message/send", gateway.message("!await self._handle_message('u', 'c', 'Hi')")
    )
    await gateway.next(gateway.received)
    ping = await gateway.request("ping", {})
    assert ping == {"inbound_in_flight": 1, "deliveries_in_flight": 1}
    assert not done.done()
    gateway.write({"id": 1, "result": {"accepted": True}})
    async with asyncio.timeout(PATIENCE):
        await done


async def test_an_overloaded_gateway_is_asked_again_after_the_given_time(running: Any) -> None:
    gateway = await running("driven:Driven")
    answers = [overloaded(20), overloaded(20), {"accepted": True}]
    gateway.answer_received = lambda params: answers.pop(0)
    await gateway.run("await self._handle_message('u', 'c', 'Hi')")
    assert answers == []
    assert gateway.received.qsize() == 3


async def test_a_message_that_can_never_be_taken_is_logged_and_given_up(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: refused("rejected")
    await gateway.run("await self._handle_message('u', 'c', 'Hi')")
    assert (await gateway.log("refused a message"))["level"] == "error"


async def test_a_message_that_was_not_stored_is_an_exception_for_the_channel(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: refused("internal")
    await gateway.run(
        "try:\n"
        "    await self._handle_message('u', 'c', 'Hi')\n"
        "except Exception as error:\n"
        "    event('raised', error=str(error))"
    )
    assert (await gateway.event("start"))["config"] == {"allowFrom": ["*"]}
    assert (await gateway.event("raised"))["error"] == "refused as internal"


async def test_a_sender_who_is_not_on_the_list_is_denied_with_a_warning(running: Any) -> None:
    gateway = await running("driven:Driven", allowFrom=["ada"])
    await gateway.run("await self._handle_message('eve', 'c', 'Hi')")
    line = await gateway.log("Access denied for sender eve on channel driven.")
    assert line["level"] == "warn"
    assert gateway.received.empty()


async def test_a_denial_by_the_gateway_is_a_warning_and_no_exception(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: {"accepted": False, "reason": "denied"}
    await gateway.run("await self._handle_message('eve', 'c', 'Hi')")
    await gateway.log("Access denied for sender eve on channel driven.")


async def test_a_duplicate_is_no_exception(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: {"accepted": False, "reason": "duplicate"}
    await gateway.run("await self._handle_message('u', 'c', 'Hi')")


async def test_messages_published_past_the_list_are_left_to_the_gateway(running: Any) -> None:
    gateway = await running("driven:Driven", allowFrom=["ada"])
    await gateway.run(
        "await self.bus.publish_inbound("
        "InboundMessage('driven', '1|eve', 'c', 'Hi', metadata={'_wants_stream': True}))"
    )
    received = await gateway.next(gateway.received)
    assert received["sender"] == {"id": "1|eve"}
    assert received["metadata"] == {"_wants_stream": True}


async def test_a_message_put_into_the_queue_itself_arrives(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run("self.bus.inbound.put_nowait(InboundMessage('driven', 'u', 'c', 'Hi'))")
    assert (await gateway.next(gateway.received))["text"] == "Hi"


async def test_an_overridden_rule_is_honoured_and_names_the_halves(running: Any) -> None:
    gateway = await running("odd:SplitsSenders", allowFrom=["ada"])
    await gateway.run("await self._handle_message('12|ada', 'c', 'Hi')")
    await gateway.run("await self._handle_message('13|eve', 'c', 'Hi')")
    sender = (await gateway.next(gateway.received))["sender"]
    assert sender == {"id": "12|ada", "aliases": ["12", "ada"], "vouched": True}
    await gateway.log("Access denied for sender 13|eve")
    assert gateway.received.empty()


async def test_an_overridden_rule_names_other_spellings_of_the_sender(running: Any) -> None:
    gateway = await running("odd:AllowsAnybody", allowFrom=["Ada@Example.org", "+49 170-1"])
    await gateway.run("await self._handle_message('ada@example.org', 'c', 'Hi')")
    await gateway.run("await self._handle_message('491701', 'c', 'Hi')")
    await gateway.run("await self._handle_message('eve', 'c', 'Hi')")
    aliases = [(await gateway.next(gateway.received))["sender"]["aliases"] for _ in range(3)]
    assert aliases == [["Ada@Example.org"], ["+49 170-1"], []]


async def test_a_message_may_come_from_another_thread_and_loop(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(
        "import threading\n"
        "def other():\n"
        "    asyncio.run(self._handle_message('u', 'c', 'from a thread'))\n"
        "    event('returned')\n"
        "threading.Thread(target=other).start()"
    )
    assert (await gateway.next(gateway.received))["text"] == "from a thread"
    await gateway.event("start")
    await gateway.event("returned")


async def test_another_thread_is_served_while_the_loop_waits_for_it(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(
        "import threading\n"
        "def other():\n"
        "    asyncio.run(self._handle_message('u', 'c', 'Hi'))\n"
        "thread = threading.Thread(target=other)\n"
        "thread.start()\n"
        "thread.join()"
    )
    assert (await gateway.next(gateway.received))["text"] == "Hi"


async def test_no_more_than_64_messages_are_in_flight(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: None
    await gateway.run(
        "for number in range(100):\n"
        "    asyncio.create_task(self._handle_message('u', 'c', str(number)))"
    )
    texts = [(await gateway.next(gateway.received))["text"] for _ in range(64)]
    assert texts == [str(number) for number in range(64)]
    assert (await gateway.request("ping", {}))["inbound_in_flight"] == 64
    assert gateway.received.empty()
    gateway.answer_received = lambda params: {"accepted": True}
    for id in range(1, 65):
        gateway.write({"id": id, "result": {"accepted": True}})
    for _ in range(36):
        await gateway.next(gateway.received)


async def test_a_cancelled_message_gives_its_place_back(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: None
    await gateway.run(
        "tasks = [asyncio.create_task(self._handle_message('u', 'c', 'x')) for _ in range(70)]\n"
        "await asyncio.sleep(0.05)\n"
        "for task in tasks:\n"
        "    task.cancel()\n"
        "await asyncio.wait(tasks)"
    )
    assert (await gateway.request("ping", {}))["inbound_in_flight"] == 0


async def test_files_and_addresses_become_attachments(running: Any) -> None:
    gateway = await running("driven:Driven")
    media = gateway.folder / "media"
    media.mkdir()
    (media / "a.png").write_bytes(b"png")
    (gateway.folder / "b.ogg").write_bytes(b"ogg!")
    await gateway.run(
        "await self._handle_message('u', 'c', '', media="
        f"[{str(media / 'a.png')!r}, {str(gateway.folder / 'b.ogg')!r}, "
        "'https://example.org/c.mp4?x=1', 'data:image/gif;base64,R0lG', '/missing/d.pdf', None])"
    )
    inside, outside, address, data = (await gateway.next(gateway.received))["attachments"]
    assert inside == {
        "kind": "image",
        "path": str(media / "a.png"),
        "name": "a.png",
        "size_bytes": 3,
        "mime": "image/png",
    }
    assert (outside["kind"], outside["name"], outside["size_bytes"]) == ("audio", "b.ogg", 4)
    assert outside["path"].startswith(str(media))
    assert (gateway.folder / "b.ogg").exists()
    assert address == {"kind": "video", "url": "https://example.org/c.mp4?x=1"}
    assert data["kind"] == "image"
    assert data["path"].startswith(str(media))
    await gateway.log("Left out a file")


async def test_metadata_comes_back_as_the_objects_it_was(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(
        "self.socket = object()\n"
        "self.address = ('10.0.0.1', 99)\n"
        "await self._handle_message('u', 'c', 'Hi', metadata="
        "{'socket': self.socket, 'address': self.address, 'message_id': 1, 3: 4})"
    )
    metadata = (await gateway.next(gateway.received))["metadata"]
    assert metadata["message_id"] == 1
    assert metadata["address"] == ["10.0.0.1", 99]
    await gateway.run(
        "assert msg.metadata.pop('extra') is True\n"
        "assert msg.metadata['socket'] is self.socket\n"
        "assert msg.metadata['address'] is self.address\n"
        "assert set(msg.metadata) == {'socket', 'address', 'message_id', 3}, msg.metadata",
        metadata={**metadata, "extra": True},
    )


async def test_large_metadata_stays_on_this_side(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(
        "await self._handle_message('u', 'c', 'Hi', metadata={'raw': 'x' * 5_000_000})"
    )
    metadata = (await gateway.next(gateway.received))["metadata"]
    assert list(metadata) == ["_nanobot_original"]
    await gateway.run("assert len(msg.metadata['raw']) == 5_000_000", metadata=metadata)


async def test_a_streaming_channel_asks_for_streams_and_a_plain_one_does_not(running: Any) -> None:
    gateway = await running("driven:Streaming", streaming=True)
    await gateway.run("await self._handle_message('u', 'c', 'Hi')")
    assert (await gateway.next(gateway.received))["metadata"] == {"_wants_stream": True}
    plain = await running("driven:Driven", streaming=True)
    await plain.run("await self._handle_message('u', 'c', 'Hi')")
    assert (await plain.next(plain.received))["metadata"] == {}


async def test_a_message_in_a_group_says_so(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run("await self._handle_message('u', 'c', 'Hi', is_dm=False)")
    await gateway.run("await self._handle_message('u', 'c', 'Hi', metadata={'is_group': True})")
    kinds = [(await gateway.next(gateway.received))["chat"]["kind"] for _ in range(2)]
    assert kinds == ["group", "group"]


async def test_a_message_too_long_for_a_line_is_given_up_and_the_channel_lives(
    running: Any,
) -> None:
    gateway = await running("driven:Driven")
    await gateway.run("await self._handle_message('u', 'c', 'x' * 5_000_000)")
    await gateway.log("refused a message")
    await gateway.run("await self._handle_message('u', 'c', 'short')")
    assert (await gateway.next(gateway.received))["text"] == "short"


async def test_an_event_id_in_the_metadata_makes_a_repetition_one_message(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run("await self._handle_message('u', 'c', 'Hi', metadata={'_event_id': 17})")
    assert (await gateway.next(gateway.received))["event_id"] == "17"


async def test_a_refusal_for_an_unknown_reason_is_a_denial(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: {"accepted": False}
    await gateway.run("await self._handle_message('eve', 'c', 'Hi')")
    await gateway.log("Access denied for sender eve")


async def test_a_gateway_that_stops_is_not_asked_again(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.answer_received = lambda params: overloaded(50)
    await gateway.run(
        "offer = asyncio.create_task(self._handle_message('u', 'c', 'Hi'))\n"
        "async def stop():\n"
        "    self._running = False\n"
        "    try:\n"
        "        await offer\n"
        "    except RuntimeError as error:\n"
        "        event('gave up', error=str(error))\n"
        "self.stop = stop"
    )
    await gateway.next(gateway.received)
    assert await gateway.shutdown() == 0
    calls = [gateway.events.get_nowait() for _ in range(gateway.events.qsize())]
    assert {"call": "gave up", "error": "too much"} in calls


async def test_a_message_without_an_answer_fails_when_the_gateway_is_gone(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    gateway.answer_received = lambda params: None
    await gateway.run(
        "async def offer():\n"
        "    try:\n"
        "        await self._handle_message('u', 'c', 'Hi')\n"
        "    except RuntimeError as error:\n"
        "        event('failed', error=str(error))\n"
        "asyncio.create_task(offer())"
    )
    await gateway.next(gateway.received)
    await gateway.close()
    calls = [gateway.events.get_nowait() for _ in range(gateway.events.qsize())]
    assert {"call": "failed", "error": "the gateway is gone"} in calls
