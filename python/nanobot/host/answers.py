"""The requests of the gateway that are being answered."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from nanobot.host import failures, logs, wire
from nanobot.host.link import Link
from nanobot.host.wire import JsonObject, WireError

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Requests:
    """Answers each request once: with a result, with an error, or with the word that it was cancelled."""

    def __init__(self, link: Link, spawn: Spawn) -> None:
        self._link = link
        self._spawn = spawn
        self._open: dict[int, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def tasks(self) -> "list[asyncio.Task[None]]":
        """What answers them."""
        return list(self._open.values())

    def answer(self, call: wire.Call, work: Coroutine[Any, Any, JsonObject]) -> None:
        """Answers with what the work gives."""
        id = id_of(call)
        task = self._spawn(self._run(id, work))
        self._open[id] = task
        task.add_done_callback(lambda _: self._open.pop(id, None))

    def cancel(self, id: int) -> None:
        """Takes one back; it is answered all the same."""
        request = self._open.get(id)
        if request is not None:
            # Not before its first step, which is what answers.
            asyncio.get_running_loop().call_soon(request.cancel)

    async def _run(self, id: int, work: Coroutine[Any, Any, JsonObject]) -> None:
        try:
            self._link.answer(id, await work)
        except WireError as error:
            self._link.fail(id, error)
        except asyncio.CancelledError:
            self._link.fail(id, _cancellation())
        except Exception as error:
            logs.exception("The host failed; this is a bug of nanobot.", error)
            self._link.fail(id, failures.of_exception(error))


def id_of(call: wire.Call) -> int:
    """The id of a request."""
    if call.id is None:
        raise WireError("invalid", f"{call.method} is a request and needs an id")
    return call.id


def _cancellation() -> WireError:
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        return WireError("cancelled", "the request was cancelled")
    return WireError("internal", "the package cancelled its own task")
