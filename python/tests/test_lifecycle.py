"""Starting, living and stopping."""

import signal
from typing import Any

import pytest
from gateway import Failure


async def test_a_channel_starts_with_its_section_and_is_connected(running: Any) -> None:
    gateway = await running("driven:Driven", port=1, snake_case=True, nested={"aB": 1})
    started = await gateway.event("start")
    assert started["config"] == {
        "allowFrom": ["*"],
        "port": 1,
        "snake_case": True,
        "nested": {"aB": 1},
    }
    await gateway.status("connecting")
    await gateway.status("connected")


async def test_a_typed_config_with_further_arguments_works(running: Any) -> None:
    gateway = await running("odd:Typed", pollIntervalSeconds=7)
    assert await gateway.event("init") == {"call": "init", "interval": 7, "clock": None}
    await gateway.run("await self._handle_message('u', 'c', 'Hi')")
    assert (await gateway.next(gateway.received))["metadata"] == {}


async def test_shutdown_lets_start_clean_up(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    assert await gateway.shutdown() == 0
    await gateway.event("stop")
    await gateway.event("cleanup")
    assert gateway.stdout_noise == []


async def test_the_end_of_stdin_stops_the_channel(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    assert await gateway.close() == 0
    await gateway.event("stop")
    await gateway.event("cleanup")


async def test_sigterm_stops_the_channel_and_sigint_does_not(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    gateway.process.send_signal(signal.SIGINT)
    await gateway.send("still here")
    await gateway.event("send")
    gateway.process.send_signal(signal.SIGTERM)
    assert await gateway.exited() == 0
    await gateway.event("stop")
    await gateway.event("cleanup")


async def test_deliveries_under_way_are_finished_before_stop(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    _, answer = gateway.ask(
        "message/send", gateway.message("!await asyncio.sleep(0.3); event('delivered')")
    )
    assert await gateway.shutdown() == 0
    assert answer.result() == {"platform_ids": []}
    await gateway.event("delivered")
    await gateway.event("stop")


async def test_a_delivery_right_behind_shutdown_is_refused(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    _, shutdown = gateway.ask("shutdown", {"grace_ms": 5000, "reason": "stop"})
    _, late = gateway.ask("message/send", gateway.message("event('delivered')"))
    with pytest.raises(Failure) as refusal:
        await late
    assert refusal.value.kind == "not_ready"
    assert await shutdown == {}
    assert await gateway.close() == 0


async def test_a_stop_that_raises_is_logged_and_start_still_ends(running: Any) -> None:
    gateway = await running("odd:RaisesInStop")
    await gateway.event("start")
    assert await gateway.shutdown() == 0
    assert "stop is broken" in (await gateway.log("stop() failed."))["message"]
    await gateway.event("cleanup")


async def test_a_stop_and_a_start_that_hang_are_left_behind(running: Any) -> None:
    gateway = await running("odd:NeverStops")
    await gateway.event("start")
    assert await gateway.shutdown(grace_ms=1000) == 0
    await gateway.event("cancelled")
    await gateway.log("stop() takes too long")
    await gateway.log("start() did not return")


async def test_a_thread_that_nobody_ends_does_not_keep_the_process(running: Any) -> None:
    gateway = await running("odd:LeavesAThread")
    await gateway.event("start")
    assert await gateway.shutdown() == 0


async def test_a_start_that_raises_is_a_failure_of_the_process(running: Any) -> None:
    gateway = await running("odd:RaisesInStart")
    await gateway.status("connecting")
    failed = await gateway.status("failed")
    assert failed["error"]["data"]["kind"] == "network"
    assert "no platform here" in failed["message"]
    assert await gateway.exited() == 1
    await gateway.event("stop")


async def test_a_start_that_exits_the_process_is_a_failure(running: Any) -> None:
    gateway = await running("odd:ExitsInStart")
    await gateway.status("connecting")
    await gateway.status("failed")
    assert await gateway.exited() == 1


async def test_a_start_that_returns_with_nothing_left_is_a_failure(running: Any) -> None:
    gateway = await running("odd:Dies")
    await gateway.status("connecting")
    failed = await gateway.status("failed")
    assert "start() returned" in failed["message"]
    assert await gateway.exited() == 1


@pytest.mark.parametrize("channel", ["StartsAThread", "StartsATask", "OnlyRaisesItsFlag"])
async def test_a_start_that_leaves_something_running_is_alive(running: Any, channel: str) -> None:
    gateway = await running(f"odd:{channel}")
    await gateway.event("start")
    await gateway.status("connecting")
    await gateway.status("connected")
    await gateway.send("Hi")
    await gateway.event("send")
    assert await gateway.shutdown() == 0
    await gateway.event("stop")


async def test_a_constructor_that_raises_makes_the_config_invalid(described: Any) -> None:
    gateway = await described("odd:RaisesInInit")
    with pytest.raises(Failure, match="KeyError: 'token'") as failure:
        await gateway.start()
    assert failure.value.kind == "invalid"
    await gateway.start(token="t")
    await gateway.status("connecting")


async def test_a_channel_starts_once(running: Any) -> None:
    gateway = await running("driven:Driven")
    with pytest.raises(Failure) as failure:
        await gateway.start()
    assert failure.value.kind == "invalid"


async def test_a_duck_receives_sends_and_stops(running: Any) -> None:
    gateway = await running("odd:make_duck", key="duck")
    received = await gateway.next(gateway.received)
    assert (received["sender"], received["chat"]["id"], received["text"]) == ({"id": "7"}, "42", "")
    assert received["metadata"] == {"_wants_stream": True}
    await gateway.send("quack")
    assert (await gateway.event("send"))["content"] == "quack"
    assert await gateway.shutdown() == 0


async def test_a_captured_transcription_is_an_empty_text_and_a_hint(running: Any) -> None:
    gateway = await running("odd:CapturesTranscription")
    await gateway.event("start")
    await gateway.run(
        "event('text', text=await self.transcribe('a.ogg'), key=self.transcription_api_key,"
        " provider=self.transcription_provider)"
    )
    text = await gateway.event("text")
    assert (text["text"], text["key"], text["provider"]) == ("", "", "groq")
    await gateway.log("No transcription of a.ogg")


async def test_folders_are_those_of_the_gateway(running: Any) -> None:
    gateway = await running("odd:Folders")
    folders = await gateway.event("folders")
    home = gateway.folder
    assert folders == {
        "call": "folders",
        "media": str(home / "media"),
        "other": str(home / "media" / "other"),
        "state": str(home / "state" / "own"),
        "at_import": str(home / "at-import"),
        "home": str(home),
    }


async def test_a_blocked_loop_leaves_pings_without_answer_and_ends_with_stdin(
    running: Any,
) -> None:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    gateway.ask("message/send", gateway.message("!import time; event('blocked'); time.sleep(3600)"))
    await gateway.event("blocked")
    _, ping = gateway.ask("ping", {})
    assert await gateway.close() == 1
    assert isinstance(ping.exception(), EOFError)
