"""Lines, noise and logs."""

import asyncio
from typing import Any

import pytest
from gateway import PATIENCE, Failure


async def test_unknown_requests_are_answered_and_notifications_ignored(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.notify("moon/phase", {"phase": "full"})
    with pytest.raises(Failure) as failure:
        await gateway.request("moon/phase", {})
    assert (failure.value.kind, failure.value.error["code"]) == ("unsupported", -32601)


async def test_lines_that_are_no_messages_are_skipped(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.write_raw(b'\nhello\n{\n[]\n{"id":1,"method":"ping"}\n\xff\xfe\n{"jsonrpc":"2.0"}\n')
    gateway.write({"id": 77777, "result": {}})
    gateway.write({"id": "text", "method": "ping"})
    await gateway.send("still here")


async def test_a_line_of_almost_4_mib_is_taken(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.event("start")
    await gateway.send("x" * 4_000_000)
    assert len((await gateway.event("send"))["content"]) == 4_000_000


async def test_a_longer_line_ends_the_link_with_a_reason(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.write_raw(b'{"x":"' + b"x" * 4_400_000)
    assert await gateway.exited() == 1
    await gateway.log("a line is longer than")


async def test_a_torn_last_line_is_the_end(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.write_raw(b'{"jsonrpc":"2.0","id":1,"method":"pi')
    assert await gateway.close() == 0


async def test_nothing_but_the_protocol_reaches_stdout(running: Any) -> None:
    gateway = await running("odd:Loud")
    await gateway.event("start")
    await gateway.run(
        "import os, subprocess\n"
        "os.write(1, b'by descriptor\\n')\n"
        "subprocess.run(['echo', 'by a child'])\n"
        "event('stdin', text=open(0).read())"
    )
    assert (await gateway.event("stdin"))["text"] == ""
    await gateway.status("connecting")
    await gateway.status("connected")
    assert await gateway.shutdown() == 0
    assert gateway.stdout_noise == []
    noise = "\n".join(gateway.noise)
    for part in ["to the first stdout", "by descriptor", "by a child", '"state":"failed"']:
        assert part in noise


async def test_logs_are_json_with_level_and_target(running: Any) -> None:
    gateway = await running("odd:Loud")
    by_loguru = await gateway.log("by loguru")
    assert (by_loguru["level"], by_loguru["target"]) == ("info", "odd")
    by_logging = await gateway.log("by logging too")
    assert (by_logging["level"], by_logging["target"]) == ("warn", "lib")


async def test_our_own_lines_survive_a_package_that_takes_over_logging(running: Any) -> None:
    gateway = await running("odd:Loud", allowFrom=["ada"])
    await gateway.run("await self._handle_message('eve', 'c', 'Hi')")
    await gateway.log("Access denied for sender eve")
    with pytest.raises(Failure):
        await gateway.run("1 / 0")
    await gateway.log("send() failed.")


async def test_loguru_extras_are_fields_and_tracebacks_are_in_the_message(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(
        "self.logger.bind(size=3, level='x').info('bound {}', 1)\n"
        "try:\n"
        "    1 / 0\n"
        "except ZeroDivisionError:\n"
        "    self.logger.exception('caught')\n"
        "import warnings, logging\n"
        "warnings.warn('old thing')\n"
        "logging.getLogger('x').error('bad arguments %d', 'x')"
    )
    assert (await gateway.log("bound 1"))["fields"] == {"channel": "driven", "size": 3}
    assert "ZeroDivisionError" in (await gateway.log("caught"))["message"]
    await gateway.log("old thing")
    await gateway.log("bad arguments")


async def test_lines_below_the_level_are_left_out(spawn: Any) -> None:
    gateway = await spawn("driven", "--entry-point", "driven:Driven")
    await gateway.initialize(log_level="warn")
    await gateway.start()
    await gateway.run("self.logger.info('quiet')\nself.logger.warning('loud')")
    await gateway.log("loud")
    assert [line["message"] for line in gateway.logs] == ["loud"]


async def test_an_error_in_a_task_of_the_package_is_logged(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(
        "import gc\n"
        "async def fail():\n"
        "    raise ValueError('lost')\n"
        "asyncio.create_task(fail())\n"
        "await asyncio.sleep(0.01)\n"
        "gc.collect()"
    )
    await gateway.log("ValueError: lost")


async def test_a_flood_of_output_stops_nothing(running: Any) -> None:
    gateway = await running("driven:Driven")
    await gateway.run(
        "for number in range(20_000):\n    print('noise', number)\nself.logger.info('x' * 1_000_000)"
    )
    await gateway.log("xxxx")
    assert len(gateway.noise) >= 20_000


async def test_a_flood_of_requests_is_answered_in_full(running: Any) -> None:
    gateway = await running("driven:Driven")
    asked = [gateway.ask("ping", {})[1] for _ in range(5_000)]
    sends = [
        gateway.ask("message/send", gateway.message("x", chat={"id": str(number % 50)}))[1]
        for number in range(1_000)
    ]
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*asked, *sends)


async def test_libraries_are_heard_from_level_warning_on_unless_debugging(spawn: Any) -> None:
    code = (
        "import logging\n"
        "logging.getLogger('lib').info('each request')\n"
        "logging.getLogger('lib').warning('a warning')"
    )
    for level, heard in [("info", ["a warning"]), ("debug", ["each request", "a warning"])]:
        gateway = await spawn("driven", "--entry-point", "driven:Driven")
        await gateway.initialize(log_level=level)
        await gateway.start()
        await gateway.run(code)
        await gateway.log("a warning")
        assert [line["message"] for line in gateway.logs if line["target"] == "lib"] == heard


async def test_params_of_the_wrong_shape_are_invalid_and_stop_nothing(running: Any) -> None:
    gateway = await running("driven:Driven")
    gateway.notify("stream/start", {"stream_id": "s", "metadata": 5})
    gateway.notify("stream/delta", {"stream_id": "s", "seq": "x"})
    gateway.notify("$/cancel", {"id": []})
    for method, params in [
        ("message/send", {"chat": 5}),
        ("message/send", {"chat": {"id": "c"}, "metadata": 5}),
        ("stream/end", {}),
        ("channel/login", {}),
    ]:
        with pytest.raises(Failure):
            await gateway.request(method, params)
    await gateway.send("still here")
