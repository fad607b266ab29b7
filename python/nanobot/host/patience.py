"""Requests to a gateway that may be busy."""

import asyncio
import random
import time

from nanobot.host.link import Link
from nanobot.host.wire import JsonObject, WireError

_DEFAULT_WAIT_MS = 500


async def ask(link: Link, method: str, params: JsonObject, seconds: float) -> JsonObject:
    """Asks until the gateway takes the request or the time is over; for any thread and any loop.

    Raises `WireError`, `LinkClosed` or `TimeoutError`.
    """
    deadline = time.monotonic() + seconds
    async with asyncio.timeout(seconds):
        while True:
            try:
                answer = await asyncio.wrap_future(link.request(method, params))
                return answer if isinstance(answer, dict) else {}
            except WireError as error:
                wait = (error.retry_after_ms or _DEFAULT_WAIT_MS) / 1000
                if error.kind != "overloaded" or time.monotonic() + wait > deadline:
                    raise
            await asyncio.sleep(wait * random.uniform(1.0, 1.25))
