"""A scripted gateway: starts `python -m nanobot.host` and speaks the protocol over its pipes."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

HERE = Path(__file__).parent
SCHEMA = json.loads((HERE.parents[1] / "protocol" / "v1" / "schema.json").read_text())
# For a machine that is busy with other work; nothing waits that long on an idle one.
PATIENCE = 60.0

Json = dict[str, Any]


@cache
def validator(side: str, method: str, part: str) -> Draft202012Validator:
    """Checks params or results against the protocol's schema."""
    return Draft202012Validator({**SCHEMA[side][method][part], "$defs": SCHEMA["$defs"]})


class Failure(Exception):
    """The plugin answered with an error."""

    def __init__(self, error: Json) -> None:
        super().__init__(error["message"])
        self.error = error
        self.kind = error["data"]["kind"]


class Gateway:
    """One plugin process and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.received: asyncio.Queue[Json] = asyncio.Queue()
        self.events: asyncio.Queue[Json] = asyncio.Queue()
        self.statuses: asyncio.Queue[Json] = asyncio.Queue()
        self.acks: asyncio.Queue[Json] = asyncio.Queue()
        self.prompts: list[str] = []
        self.logs: list[Json] = []
        self.noise: list[str] = []
        self.stdout_noise: list[bytes] = []
        self.answer_received: Callable[[Json], Any] = lambda params: {"accepted": True}
        self.published: asyncio.Queue[Json] = asyncio.Queue()
        self.answer_published: Callable[[Json], Any] = lambda params: {}
        self.recordings: asyncio.Queue[Path] = asyncio.Queue()
        self.answer_recording: Callable[[Path], Any] = lambda path: {"text": "hello"}
        self.answer_input: Callable[[Json], Any] = lambda params: {"value": ""}
        self._ids = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[Any]]] = {}
        self._log_arrived = asyncio.Event()

    async def spawn(self, *arguments: str, env: dict[str, str] | None = None) -> "Gateway":
        python_path = os.pathsep.join([str(HERE.parent), str(HERE / "packages")])
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "nanobot.host", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
            limit=16 * 1024 * 1024,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "NANOBOT_PLUGIN": "1",
                "NANOBOT_PROTOCOL_VERSIONS": "1",
                "PYTHONPATH": python_path,
                "PYTHONDONTWRITEBYTECODE": "1",
                **(env or {}),
            },
        )
        self._readers = [
            asyncio.create_task(self._read_stdout()),
            asyncio.create_task(self._read_stderr()),
        ]
        return self

    async def initialize(self, **changed: Any) -> Json:
        params = {
            "protocol_versions": [1],
            "host": {"name": "test", "version": "0"},
            "capabilities": {"moon_phase": {}},
            "instance": "driven",
            "log_level": "debug",
            **changed,
        }
        return await self.request("initialize", params)

    async def start(self, **config: Any) -> None:
        await self.request("channel/start", self.setup({"allowFrom": ["*"], **config}))

    def setup(self, config: Json) -> Json:
        return {
            "config": config,
            "state_dir": str(self.folder / "state"),
            "media_dir": str(self.folder / "media"),
        }

    async def run(self, code: str, **fields: Any) -> None:
        """Runs code in the channel, by way of a message to it."""
        await self.send("!" + code, **fields)

    async def send(self, text: str, **fields: Any) -> Json:
        return await self.request("message/send", self.message(text, **fields))

    def message(self, text: str, **fields: Any) -> Json:
        self._ids += 1
        return {
            "delivery_id": f"d{self._ids}",
            "chat": {"id": "c"},
            "text": text,
            "kind": "final",
            "attempt": 1,
            **fields,
        }

    def open_stream(self, id: str, **fields: Any) -> None:
        params = {"stream_id": id, "delivery_id": f"d-{id}", "chat": {"id": "c"}, **fields}
        self.notify("stream/start", params)

    def delta(self, id: str, seq: int, text: str) -> None:
        self.notify("stream/delta", {"stream_id": id, "seq": seq, "text": text})

    async def end_stream(self, id: str, text: str, outcome: str = "complete", **more: Any) -> Json:
        params = {"stream_id": id, "text": text, "outcome": outcome, **more}
        return await self.request("stream/end", params)

    async def request(self, method: str, params: Json) -> Any:
        async with asyncio.timeout(PATIENCE):
            return await self.ask(method, params)[1]

    def ask(self, method: str, params: Json) -> tuple[int, "asyncio.Future[Any]"]:
        self._ids += 1
        answer = asyncio.get_running_loop().create_future()
        self._waiting[self._ids] = (method, answer)
        self.write({"id": self._ids, "method": method, "params": params})
        return self._ids, answer

    def notify(self, method: str, params: Json) -> None:
        self.write({"method": method, "params": params})

    def write(self, message: Json) -> None:
        self.write_raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def write_raw(self, data: bytes) -> None:
        self.process.stdin.write(data)

    async def event(self, call: str) -> Json:
        """The next event of the channel, which has to be this one."""
        found = await self.next(self.events)
        assert found["call"] == call, found
        return found

    async def next(self, queue: "asyncio.Queue[Json]") -> Json:
        async with asyncio.timeout(PATIENCE):
            return await queue.get()

    async def status(self, state: str) -> Json:
        found = await self.next(self.statuses)
        assert found["state"] == state, found
        return found

    async def log(self, part: str) -> Json:
        """Waits for a log line with this in its message."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in self.logs:
                    if part in line["message"]:
                        return line
                self._log_arrived.clear()
                await self._log_arrived.wait()

    async def shutdown(self, grace_ms: int = 5000) -> int:
        await self.request("shutdown", {"grace_ms": grace_ms, "reason": "stop"})
        return await self.close()

    async def close(self) -> int:
        self.process.stdin.close()
        return await self.exited()

    async def exited(self) -> int:
        async with asyncio.timeout(PATIENCE):
            status = await self.process.wait()
            await asyncio.gather(*self._readers)
        return status

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    async def _read_stdout(self) -> None:
        async for line in self.process.stdout:
            if not line.startswith(b'{"jsonrpc":"2.0"'):
                self.stdout_noise.append(line)
                continue
            self._take(json.loads(line))
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EOFError("the plugin is gone"))
                waiting.exception()

    def _take(self, message: Json) -> None:
        method, params = message.get("method"), message.get("params")
        if method is not None:
            validator("plugin", method, "params").validate(params)
        if method is None:
            asked, answer = self._waiting.pop(message["id"])
            if "error" in message:
                answer.set_exception(Failure(message["error"]))
            else:
                validator("host", asked, "result").validate(message["result"])
                answer.set_result(message["result"])
        elif method == "message/received":
            self.received.put_nowait(params)
            self._answer(message["id"], self.answer_received(params))
        elif method == "message/publish":
            self.published.put_nowait(params)
            self._answer(message["id"], self.answer_published(params))
        elif method == "audio/transcribe":
            path = Path(params["path"])
            self.recordings.put_nowait(path)
            self._answer(message["id"], self.answer_recording(path))
        elif method == "login/input":
            self._answer(message["id"], self.answer_input(params))
        elif method == "login/prompt":
            assert params["kind"] == "message"
            self.prompts.append(params["data"])
        else:
            queues = {"channel/status": self.statuses, "stream/ack": self.acks}
            queues[method].put_nowait(params)

    def _answer(self, id: int, result: Any) -> None:
        if isinstance(result, Failure):
            self.write({"id": id, "error": result.error})
        elif result is not None:
            self.write({"id": id, "result": result})

    async def _read_stderr(self) -> None:
        async for line in self.process.stderr:
            text = line.decode().rstrip("\n")
            if text.startswith("EVENT "):
                self.events.put_nowait(json.loads(text[6:]))
            elif text.startswith('{"level"'):
                self.logs.append(json.loads(text))
                self._log_arrived.set()
            else:
                self.noise.append(text)


def overloaded(retry_after_ms: int) -> Failure:
    data = {"kind": "overloaded", "retry_after_ms": retry_after_ms}
    return Failure({"code": -32001, "message": "too much", "data": data})


def refused(kind: str, **more: Any) -> Failure:
    data = {"kind": kind, **more}
    return Failure({"code": -32000, "message": f"refused as {kind}", "data": data})
