"""What the gateway does for a channel beside taking its messages."""

from pathlib import Path
from typing import Any

import pytest
from gateway import Gateway, overloaded, refused


async def words(gateway: Gateway, path: Path, code: str = "self.transcribe_audio") -> str:
    await gateway.run(f"event('words', text=await {code}({str(path)!r}))")
    found = await gateway.next(gateway.events)
    while found["call"] == "start":
        found = await gateway.next(gateway.events)
    return str(found["text"])


def recording(gateway: Gateway, name: str) -> Path:
    path = gateway.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"ogg")
    return path


async def test_a_recording_in_the_media_folder_is_transcribed_where_it_is(running: Any) -> None:
    gateway = await running("driven:Driven", "driven", "transcription")
    voice = recording(gateway, "media/voice.ogg")
    assert await words(gateway, voice) == "hello"
    assert await gateway.next(gateway.recordings) == voice.resolve()
    assert voice.exists()


async def test_a_recording_elsewhere_is_copied_to_the_gateway_and_the_copy_removed(
    running: Any,
) -> None:
    gateway = await running("driven:Driven", "driven", "transcription")
    voice = recording(gateway, "own/voice.ogg")
    seen = []
    gateway.answer_recording = lambda path: seen.append(path.read_bytes()) or {"text": "hi"}
    assert await words(gateway, voice) == "hi"
    copy = await gateway.next(gateway.recordings)
    assert copy.parent == (gateway.folder / "media").resolve()
    assert seen == [b"ogg"]
    assert not copy.exists()
    assert voice.exists()


async def test_a_method_taken_in_the_constructor_transcribes_also_in_another_thread(
    running: Any,
) -> None:
    gateway = await running("odd:CapturesTranscription", "driven", "transcription")
    voice = recording(gateway, "media/voice.ogg")
    assert await words(gateway, voice, "self.transcribe") == "hello"
    in_thread = "asyncio.to_thread(lambda path: asyncio.run(self.transcribe(path)), *[{}])"
    code = f"(lambda path: {in_thread.format('path')})"
    assert await words(gateway, voice, code) == "hello"


@pytest.mark.parametrize("problem", ["internal", "rejected", "network", "unsupported"])
async def test_what_fails_is_an_empty_text_and_a_log_line(running: Any, problem: str) -> None:
    gateway = await running("driven:Driven", "driven", "transcription")
    gateway.answer_recording = lambda path: refused(problem)
    assert await words(gateway, recording(gateway, "media/voice.ogg")) == ""
    line = await gateway.log("No transcription of")
    assert f"refused as {problem}" in line["message"]
    assert line["level"] == "warn"


async def test_a_missing_recording_is_an_empty_text_and_asks_nobody(running: Any) -> None:
    gateway = await running("driven:Driven", "driven", "transcription")
    assert await words(gateway, gateway.folder / "media/missing.ogg") == ""
    await gateway.log("No transcription of")
    assert gateway.recordings.empty()


async def test_a_gateway_without_a_speech_service_is_not_asked(running: Any) -> None:
    gateway = await running("driven:Driven")
    assert await words(gateway, recording(gateway, "media/voice.ogg")) == ""
    await gateway.log("has no speech service")
    assert gateway.recordings.empty()


async def test_a_busy_gateway_is_asked_again_for_the_words(running: Any) -> None:
    gateway = await running("driven:Driven", "driven", "transcription")
    answers: list[Any] = [overloaded(10), {"text": "at last"}]
    gateway.answer_recording = lambda path: answers.pop(0)
    assert await words(gateway, recording(gateway, "media/voice.ogg")) == "at last"


async def publish(gateway: Gateway, message: str) -> None:
    await gateway.run(f"await self.bus.publish_outbound(OutboundMessage({message}))")


async def test_a_message_for_another_channel_is_handed_to_the_gateway_whole(running: Any) -> None:
    gateway = await running("driven:Driven", "driven", "publish")
    picture = recording(gateway, "own/a.png")
    await publish(
        gateway,
        f"'telegram', 42, 'look', reply_to='m1', media=[{str(picture)!r}],"
        " metadata={'thread': 3, 'socket': object()}",
    )
    message = await gateway.next(gateway.published)
    (file,) = message.pop("attachments")
    assert (file["kind"], Path(file["path"]).parent.name) == ("image", "media")
    assert message == {
        "channel": "telegram",
        "chat": {"id": "42"},
        "text": "look",
        "reply_to": "m1",
        "metadata": {"thread": 3},
    }


async def test_messages_for_other_channels_keep_their_order_whatever_way_they_take(
    running: Any,
) -> None:
    gateway = await running("driven:Driven", "driven", "publish")
    answers: list[Any] = [overloaded(10), {}, {}, {}]
    gateway.answer_published = lambda params: answers.pop(0)
    await gateway.run(
        "for number in range(2):\n"
        "    await self.bus.publish_outbound(OutboundMessage('telegram', 'c', str(number)))\n"
        "self.bus.outbound.put_nowait(OutboundMessage('telegram', 'c', 'queued'))"
    )
    texts = [(await gateway.next(gateway.published))["text"] for _ in range(4)]
    assert texts == ["0", "0", "1", "queued"]


@pytest.mark.parametrize(
    ("failure", "part"),
    [
        (refused("not_found"), "refused as not_found"),
        (refused("rejected", hint="add it to publishTo"), "add it to publishTo"),
    ],
)
async def test_a_message_that_the_gateway_refuses_is_a_logged_warning(
    running: Any, failure: Any, part: str
) -> None:
    gateway = await running("driven:Driven", "driven", "publish")
    gateway.answer_published = lambda params: failure
    await publish(gateway, "'telegarm', 'c', 'x'")
    line = await gateway.log("A message for the channel telegarm was dropped")
    assert line["level"] == "warn"
    assert part in line["message"]
    gateway.answer_published = lambda params: {}
    await publish(gateway, "'telegram', 'c', 'next'")
    assert [(await gateway.next(gateway.published))["text"] for _ in range(2)] == ["x", "next"]


async def test_a_channel_that_may_write_to_no_other_is_told_so(running: Any) -> None:
    gateway = await running("driven:Driven")
    await publish(gateway, "'telegram', 'c', 'x'")
    await gateway.log("publishTo")
    assert gateway.published.empty()


async def test_text_cannot_be_streamed_to_another_channel(running: Any) -> None:
    gateway = await running("driven:Driven", "driven", "publish")
    await publish(gateway, "'telegram', 'c', 'x', metadata={'_stream_delta': True}")
    await gateway.log("cannot be streamed")
    await publish(gateway, "'telegram', 'c', 'whole', metadata={'_streamed': True}")
    await publish(gateway, "'telegram', 'c', 'plain'")
    assert (await gateway.next(gateway.published))["text"] == "plain"


async def test_messages_for_other_channels_are_handed_over_before_the_end(running: Any) -> None:
    gateway = await running("driven:Driven", "driven", "publish")
    await gateway.run(
        "async def stop():\n"
        "    self._running = False\n"
        "    await self.bus.publish_outbound(OutboundMessage('telegram', 'c', 'bye'))\n"
        "self.stop = stop"
    )
    assert await gateway.shutdown() == 0
    assert (await gateway.next(gateway.published))["text"] == "bye"


@pytest.mark.parametrize(
    ("entry_point", "vouches"),
    [("odd:AllowsAnybody", True), ("driven:Driven", False), ("odd:Duck", False)],
)
async def test_a_package_with_a_rule_of_its_own_says_that_it_vouches(
    described: Any, entry_point: str, vouches: bool
) -> None:
    gateway = await described(entry_point)
    assert ("vouches" in gateway.description["capabilities"]) is vouches
